#include "options.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>

#include <CLI/CLI.hpp>

namespace load {
namespace {

Url parse_url(std::string_view text) {
  Url url;
  const auto scheme_end = text.find("://");
  const auto scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http")) {
    throw CLI::ValidationError("--url", "write it as https://host:port/path or http://host:port/path");
  }
  url.tls = scheme == "https";
  text.remove_prefix(scheme_end + 3);
  const auto path = std::min(text.find('/'), text.size());
  if (path < text.size()) {
    url.target = text.substr(path);
  }
  const auto authority = text.substr(0, path);
  const auto colon = authority.rfind(':');
  url.host = authority.substr(0, colon);
  url.port = colon == std::string_view::npos ? (url.tls ? "443" : "80") : std::string(authority.substr(colon + 1));
  return url;
}

/// The lines of a file as header fields. They are read from a file so that a credential is never an argument.
std::string read_fields(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw CLI::ValidationError("--header-file", "cannot read " + path);
  }
  std::string fields;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) {
      fields += line + "\r\n";
    }
  }
  return fields;
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  Options options;
  std::string url;
  std::string header_file;
  CLI::App app("Load client for CONNECT proxies: HTTP/1.1 requests on many connections from one thread.",
               "cordon-load");
  const auto duration =
      CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1000}, {"m", 60'000}},
                            CLI::AsNumberWithUnit::CASE_SENSITIVE);
  std::int64_t milliseconds = options.duration.count();
  std::int64_t warm_up = 0;
  app.add_option("--url", url, "https://host:port/path (or http://)")->required();
  app.add_option("--proxy", options.proxy, "The proxy as host:port; without it, straight to the origin");
  app.add_option("--connections,-c", options.connections, "How many at a time")->check(CLI::PositiveNumber);
  app.add_option("--duration,-d", milliseconds, "How long, such as 30s or 5m")->transform(duration);
  app.add_option("--warm-up", warm_up, "Not counted, such as 1s")->transform(duration);
  app.add_option("--requests,-n", options.requests, "End after so many requests");
  app.add_flag("--new-connections", options.new_connections, "A new connection for each request");
  app.add_flag("--resume", options.resume, "Resume TLS sessions on new connections");
  app.add_option("--method", options.method, "GET by default");
  app.add_option("--body-size", options.body_size, "Bytes of body in each request");
  app.add_option("--header-file", header_file, "A file of header lines to add to each request");
  app.add_option("--ca", options.ca_file, "PEM roots to verify with; without it nothing is verified");
  app.add_flag("--json", options.json, "Report as JSON");
  try {
    app.parse(argc, argv);
    options.url = parse_url(url);
    options.more_fields = header_file.empty() ? "" : read_fields(header_file);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : 2};
  }
  options.duration = std::chrono::milliseconds(milliseconds);
  options.warm_up = std::chrono::milliseconds(warm_up);
  return {std::move(options), 0};
}

}  // namespace load
