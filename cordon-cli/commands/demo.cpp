// cordon demo: an HTTPS origin, a route with a made-up secret, the proxy and one request through it, all in this
// process.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <system_error>
#include <thread>

#include <cordon/ca_manager.hpp>
#include <cordon/demo_origin.hpp>
#include <cordon/proxy_server.hpp>
#include <cordon/token_set.hpp>

#include "command.hpp"
#include "json_output.hpp"

namespace cordon::cli {
namespace {

constexpr std::string_view kHost = "api.example.com";
constexpr std::string_view kDummy = "dummy-key";
constexpr std::string_view kSource = "demo";
constexpr std::string_view kInstance = "demo";

/// The store behind the demo's route: one made-up secret.
class DemoSource final : public SecretSource {
 public:
  explicit DemoSource(std::string_view secret) : secret_(secret) {}
  Result<Secret> fetch(const SecretRef& /*ref*/, std::chrono::steady_clock::time_point /*deadline*/) const override {
    return secret_.clone();
  }
  FetchCost cost() const noexcept override { return FetchCost::immediate; }

 private:
  Secret secret_;
};

/// A folder that is gone, with all that is in it, when this ends.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "cordon-demo-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr)
      return fail(Errc::file_failed, "no temporary folder can be made; set TMPDIR to a folder you can write to");
    return TemporaryFolder(std::move(name));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// A proxy that serves in a thread as long as this lives.
class ServingThread {
 public:
  explicit ServingThread(ProxyServer server)
      : server_(std::move(server)), thread_([this] { served_ = server_.run(); }) {}
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;
  ~ServingThread() {
    server_.stop(StopMode::immediate);
    thread_.join();
  }
  std::uint16_t port() const noexcept { return server_.port(); }

 private:
  ProxyServer server_;
  Result<> served_;
  std::thread thread_;
};

/// Drawn anew each time, so that a reader sees it was not in the picture beforehand.
std::string made_up_secret() {
  std::random_device random;
  return fmt::format("sk-real-{:06x}{:06x}", random() & 0xffffffU, random() & 0xffffffU);
}

Config demo_config(std::uint16_t origin_port) {
  Config config;
  config.routes.push_back(Route{.name = "demo",
                                .host = std::string(kHost),
                                .ports = {.any = false, .list = {origin_port}},
                                .allow_plaintext = false,
                                .upstream_ca_path = std::nullopt,
                                .auth = HeaderAuth{"Authorization", "Bearer"},
                                .secret = PluggedRef{std::string(kSource), "key"}});
  return config;
}

Result<ProxyServer> demo_proxy(const DemoOrigin& origin, const CaPaths& ca, const TokenFile& tokens,
                               std::string_view secret) {
  auto store = SecretStore::create({}, {});
  store.plug(std::string(kSource), std::make_unique<DemoSource>(secret));
  ProxyOptions options;
  options.instance = kInstance;
  options.tokens = tokens.path();
  options.fixed_addresses = {{std::string(kHost), "127.0.0.1"}};
  options.extra_roots_pem = origin.ca_pem();
  auto server = ProxyServer::create(demo_config(origin.port()), std::move(store), ca, std::move(options));
  if (!server) return std::unexpected(server.error().front());
  return std::move(*server);
}

/// A new token, as the client shows it.
Result<Secret> make_credential(TokenFile& tokens) {
  if (auto made = tokens.rotate(kDefaultToken); !made) return std::unexpected(made.error());
  const auto value = tokens.value(kDefaultToken);
  if (!value) return std::unexpected(value.error());
  return Secret(fmt::format("{}:{}", kInstance, value->reveal()));
}

/// One request through it all.
Result<DemoExchange> perform(std::string_view secret) {
  auto folder = TemporaryFolder::create();
  if (!folder) return std::unexpected(folder.error());
  const CaPaths paths{folder->path() / "ca-cert.pem", folder->path() / "ca-key.pem",
                      folder->path() / "combined-ca.pem"};
  auto origin = DemoOrigin::start(kHost, fmt::format("Authorization: Bearer {}", secret));
  if (!origin) return std::unexpected(origin.error());
  TokenFile tokens(folder->path() / "tokens.toml");
  const auto credential = make_credential(tokens);
  if (!credential) return std::unexpected(credential.error());
  auto server = demo_proxy(*origin, paths, tokens, secret);
  if (!server) return std::unexpected(server.error());
  auto ca = CaManager::open(paths, {.label = std::string(kInstance)});
  if (!ca) return std::unexpected(ca.error());
  const ServingThread proxy(std::move(*server));
  return demo_request(proxy.port(), kHost, origin->port(), ca->certificate_pem(),
                      fmt::format("Authorization: Bearer {}", kDummy), credential->reveal());
}

/// Whether the exchange shows what the demo claims.
bool proves(const DemoExchange& exchange, std::string_view secret) {
  const auto has = [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  return exchange.status == 200 && has(exchange.sent, kDummy) && !has(exchange.sent, secret) &&
         has(exchange.received, secret) && !has(exchange.received, kDummy);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

/// `line` with `credential` in `style`, when it is there.
std::string highlighted(const Terminal& terminal, const std::string& line, std::string_view credential, Style style) {
  const std::size_t at = line.find(credential);
  if (at == std::string::npos) return terminal.paint(Style::plain, line);
  return terminal.paint(Style::plain, line.substr(0, at)) + terminal.paint(style, credential) +
         terminal.paint(Style::plain, line.substr(at + credential.size()));
}

struct Column {
  std::string title;
  std::vector<std::string> lines;
  std::string_view credential;
  Style style;

  std::size_t width() const {
    std::size_t width = title.size();
    for (const std::string& line : lines)
      width = std::max(width, line.size());
    return width;
  }
};

void print_beside(Terminal& terminal, const Column& left, const Column& right) {
  const std::size_t width = left.width();
  terminal.print(fmt::format("  {}{:{}}{}\n", terminal.paint(Style::bold, left.title), "",
                             width - left.title.size() + 3, terminal.paint(Style::bold, right.title)));
  for (std::size_t i = 0; i < std::max(left.lines.size(), right.lines.size()); ++i) {
    const std::string a = i < left.lines.size() ? left.lines[i] : "";
    const std::string b = i < right.lines.size() ? right.lines[i] : "";
    const std::string padding(b.empty() ? 0 : width - a.size() + 3, ' ');
    terminal.print(fmt::format("  {}{}{}\n", highlighted(terminal, a, left.credential, left.style), padding,
                               highlighted(terminal, b, right.credential, right.style)));
  }
}

void print_below(Terminal& terminal, const Column& column) {
  terminal.print(fmt::format("  {}\n", terminal.paint(Style::bold, column.title)));
  for (const std::string& line : column.lines)
    terminal.print(fmt::format("    {}\n", highlighted(terminal, line, column.credential, column.style)));
}

void print_picture(Terminal& terminal, const DemoExchange& exchange, std::string_view secret) {
  const Column sent{"What the client sent", lines_of(exchange.sent), kDummy, Style::yellow};
  const Column received{"What the origin received", lines_of(exchange.received), secret, Style::green};
  terminal.print(fmt::format("One HTTPS request to {} through Cordon, all inside this process.\n\n", kHost));
  if (sent.width() + received.width() + 5 <= terminal.width()) {
    print_beside(terminal, sent, received);
  } else {
    print_below(terminal, sent);
    terminal.print("\n");
    print_below(terminal, received);
  }
  terminal.print(fmt::format("\nThe origin answered {}. It saw the real key; the client never held it.\n",
                             terminal.paint(Style::green, std::to_string(exchange.status))));
}

void report_as_json(Terminal& terminal, const DemoExchange& exchange, bool good) {
  const Json out = {{"ok", good},
                    {"status", exchange.status},
                    {"client_sent", lines_of(exchange.sent)},
                    {"origin_received", lines_of(exchange.received)}};
  print_json(terminal, out);
}

Exit run(const Context& context, bool json) {
  const std::string secret = made_up_secret();
  const auto exchange = perform(secret);
  if (!exchange) {
    context.terminal.error(fmt::format("the demo did not work: {}", exchange.error().message()));
    return Exit::failed;
  }
  const bool good = proves(*exchange, secret);
  if (json)
    report_as_json(context.terminal, *exchange, good);
  else
    print_picture(context.terminal, *exchange, secret);
  if (!good) context.terminal.error("the demo did not work: the origin did not get what it should have");
  return good ? Exit::done : Exit::failed;
}

Action declare(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "Report as JSON");
  return [json](const Context& context) { return run(context, *json); };
}

}  // namespace

const Command kDemo = {
    .name = "demo",
    .summary = "See it work: no config, no network",
    .arguments = "",
    .details =
        "Starts an HTTPS origin and the proxy inside this process, sends one request with a dummy\n"
        "key through them, and shows what the client sent beside what the origin received. Needs no\n"
        "config and no network, and leaves nothing behind.",
    .examples =
        "  cordon demo\n"
        "  cordon demo --json\n",
    .declare = declare,
};

}  // namespace cordon::cli
