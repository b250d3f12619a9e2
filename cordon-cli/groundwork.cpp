#include "groundwork.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <cordon/settings_file.hpp>
#include <cordon/token_set.hpp>

#include "client_environment.hpp"
#include "first_config.hpp"
#include "free_port.hpp"
#include "usual_port.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr FileMode kConfigMode = 0644;

/// Makes the folder and those above it that are missing, for nobody else.
Result<> make_folder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return {};
  if (auto above = make_folder(folder.parent_path()); !above) return above;
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Errc::file_failed,
              fmt::format("cannot make the folder {}: {}", folder.native(), std::generic_category().message(errno)));
}

Result<bool> write_scaffold(const Site& site) {
  if (!site.scaffold) return false;
  if (auto made = make_folder(site.target.instance.config.parent_path()); !made) return std::unexpected(made.error());
  auto created = create_settings_file({site.target.instance.config}, *site.scaffold, kConfigMode);
  if (!created || *created) return created;
  return fail(Errc::file_failed, fmt::format("{} has just been made by another program; run this again",
                                             site.target.instance.config.native()));
}

/// Adds the tokens that are not there.
Result<> add_tokens(TokenFile& file, std::string_view client, Groundwork& done) {
  if (!file.exists()) {
    if (auto made = file.rotate(kDefaultToken); !made) return made;
    done.tokens_made.emplace_back(kDefaultToken);
  }
  const auto tokens = file.list();
  if (!tokens) return std::unexpected(tokens.error());
  for (const TokenInfo& token : *tokens)
    done.tokens.push_back(token.name);
  if (client.empty() || std::ranges::find(done.tokens, client) != done.tokens.end()) return {};
  if (auto made = file.create(client, {}); !made) return made;
  done.tokens_made.emplace_back(client);
  done.tokens.emplace_back(client);
  return {};
}

}  // namespace

std::optional<Site> find_site(const Context& context, const TargetOptions& options) {
  auto instance = resolve_instance(context, options);
  if (!instance) {
    context.terminal.error(instance.error().message());
    return std::nullopt;
  }
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(instance->config, ignored))) {
    auto target = load_target(context, options);
    if (!target) return std::nullopt;
    return Site{std::move(*target), std::nullopt};
  }
  const auto port = find_usual_port(context, options);
  if (!port) {
    context.terminal.error(fmt::format("no port from {} to {} is free", kFirstPort, kLastPort));
    context.terminal.hint("write a config file with a port of your own, `listen = PORT`, then run this again");
    return std::nullopt;
  }
  Config config;
  config.listen = *port;
  return Site{{std::move(*instance), std::move(config), {}}, first_config(*port)};
}

Result<Groundwork> lay_groundwork(const Site& site, std::string_view client) {
  Groundwork done;
  const auto config = write_scaffold(site);
  if (!config) return std::unexpected(config.error());
  done.config_made = *config;
  std::error_code ignored;
  const bool tls = site.target.config.tls.enabled;
  done.ca_made = tls && !fs::exists(site.target.ca_paths().cert, ignored);
  if (auto trust = prepare_trust(site.target); !trust) return std::unexpected(trust.error());
  TokenFile file(site.target.instance.tokens);
  if (auto added = add_tokens(file, client, done); !added) return std::unexpected(added.error());
  return done;
}

}  // namespace cordon::cli
