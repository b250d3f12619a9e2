// Embeds the proxy: a config from text, secrets from a store of its own, a server on a free port.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include <cordon/config.hpp>
#include <cordon/proxy_server.hpp>
#include <cordon/secret_store.hpp>
#include <cordon/version.hpp>

namespace {

constexpr auto kConfig = R"(
listen = 6790

[tls]
enabled = false

[[routes]]
name = "stripe"
[routes.match]
host = "api.stripe.com"
[routes.auth]
type = "header"
header_name = "Authorization"
scheme = "Bearer"
[routes.auth.secret]
source = "env"
variable = "STRIPE_KEY"
)";

/// The host program's own vault.
class Vault : public cordon::SecretSource {
 public:
  cordon::Result<cordon::Secret> fetch(const cordon::SecretRef& ref,
                                       std::chrono::steady_clock::time_point) const override {
    const auto* plugged = std::get_if<cordon::PluggedRef>(&ref);
    if (plugged == nullptr || plugged->key != "stripe") {
      return cordon::fail(cordon::Errc::secret_missing, "the vault holds the entry stripe only");
    }
    return cordon::Secret("sk_test_consumer");
  }
  cordon::FetchCost cost() const noexcept override { return cordon::FetchCost::immediate; }
};

[[noreturn]] void give_up(const std::string& reason) {
  std::fprintf(stderr, "%s\n", reason.c_str());
  std::exit(1);
}

}  // namespace

int main() {
  auto loaded = cordon::Config::parse(kConfig, "/etc/consumer/cordon.toml");
  if (!loaded) give_up(loaded.error().front().to_string());
  cordon::Config config = std::move(loaded->config);
  config.listen = 0;
  config.routes.front().secret = cordon::PluggedRef{"vault", "stripe"};

  auto store = cordon::SecretStore::create(config.secrets);
  store.plug("vault", std::make_unique<Vault>());
  const auto secret = store.fetch(config.routes.front().secret, std::chrono::seconds(1));
  if (!secret) give_up(secret.error().message());
  if (secret->reveal() != "sk_test_consumer") give_up("the vault's secret changed on its way");

  auto server = cordon::ProxyServer::create(std::move(config), std::move(store), std::nullopt, {});
  if (!server) give_up(server.error().front().message());
  std::printf("cordon %s listens on %d\n", std::string(cordon::version()).c_str(), server->port());
}
