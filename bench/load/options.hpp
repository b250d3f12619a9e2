// What cordon-load is told on its command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace load {

/// The parts of `https://host:port/path`.
struct Url {
  bool tls = true;
  std::string host;
  std::string port;  ///< Decimal; 443 or 80 when the URL names none.
  std::string target = "/";
};

struct Options {
  Url url;
  std::optional<std::string> proxy;  ///< host:port; absent: straight to the origin.
  std::size_t connections = 1;
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds warm_up{0};  ///< Time at the start whose requests are not counted.
  std::uint64_t requests = 0;            ///< Ends after so many; 0: only the duration counts.
  bool new_connections = false;          ///< Each request on a connection of its own.
  bool resume = false;                   ///< New connections resume the TLS session of an earlier one.
  std::string method = "GET";
  std::size_t body_size = 0;
  std::string more_fields;  ///< Further header lines, each with its CRLF.
  std::string ca_file;      ///< PEM roots; empty: certificates are not verified.
  bool json = false;
};

/// Options, or the exit status for a run that ends here (help, or a usage error that has been printed).
struct ParsedOptions {
  std::optional<Options> options;
  int exit_status = 0;
};
ParsedOptions parse_options(int argc, char** argv);

}  // namespace load
