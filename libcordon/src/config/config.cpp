#include <cordon/config.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config/config_file.hpp"
#include "config/document.hpp"
#include "config/keys.hpp"
#include "config/reading.hpp"
#include "config/rules.hpp"
#include "config/text.hpp"

namespace cordon {
namespace {

using Loaded = std::expected<LoadedConfig, std::vector<ConfigFault>>;

std::unexpected<std::vector<ConfigFault>> single_fault(const std::filesystem::path& file, config::Place place,
                                                       std::string message) {
  return std::unexpected(std::vector{ConfigFault{file, place.line, place.column, "", std::move(message)}});
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute;
}

Loaded read_document(const config::Node& root, const std::filesystem::path& file) {
  config::Reading reading(file);
  LoadedConfig loaded;
  config::read_root({root, "", reading}, loaded.config);
  reading.add_faults(config::find_faults(loaded.config));
  if (auto faults = reading.take_faults(); !faults.empty()) return std::unexpected(std::move(faults));
  reading.add_warnings(config::find_warnings(loaded.config));
  loaded.warnings = reading.take_warnings();
  return loaded;
}

struct Describe {
  std::string operator()(const OnePasswordRef& ref) const {
    const std::string account = ref.account.empty() ? "" : fmt::format(" (account {})", config::printable(ref.account));
    return fmt::format("1Password item {}/{}/{}{}", config::printable(ref.vault), config::printable(ref.item),
                       config::printable(ref.field), account);
  }
  std::string operator()(const KeyringRef& ref) const {
    return fmt::format("keyring entry {} of service {}", config::printable(ref.account),
                       config::printable(ref.service));
  }
  std::string operator()(const EnvRef& ref) const {
    return fmt::format("environment variable {}", config::printable(ref.variable));
  }
  std::string operator()(const FileRef& ref) const {
    return fmt::format("file {}", config::printable(ref.path.native()));
  }
  // The program alone: people do put passwords into arguments.
  std::string operator()(const CommandRef& ref) const {
    return fmt::format("command {}", ref.argv.empty() ? "(none)" : config::printable(ref.argv.front()));
  }
  std::string operator()(const PluggedRef& ref) const {
    return fmt::format("entry {} of store {}", config::printable(ref.key), config::printable(ref.source));
  }
};

}  // namespace

std::string describe(const SecretRef& ref) {
  return std::visit(Describe{}, ref);
}

bool PortSet::contains(std::uint16_t port) const noexcept {
  return any || std::ranges::find(list, port) != list.end();
}

std::string ConfigFault::to_string() const {
  std::string out;
  if (!file.empty()) out += config::printable(file.native());
  if (line != 0) out += fmt::format(":{}:{}", line, column);
  if (!out.empty()) out += ": ";
  if (!key.empty()) out += key + ": ";
  return out + message;
}

Loaded Config::load(const std::filesystem::path& path) {
  const std::filesystem::path file = absolute_path(path);
  const auto content = config::read_config_file(file);
  if (!content) return single_fault(file, {}, content.error());
  auto loaded = parse(content->text, file);
  if (loaded && !content->warning.empty()) {
    loaded->warnings.insert(loaded->warnings.begin(), ConfigFault{file, 0, 0, "", content->warning});
  }
  return loaded;
}

Loaded Config::parse(std::string_view text, const std::filesystem::path& path) {
  const std::filesystem::path file = absolute_path(path);
  if (text.size() > config::kMaxConfigSize) {
    return single_fault(file, {}, fmt::format("is over {} bytes", config::kMaxConfigSize));
  }
  if (const auto bad = config::find_invalid_utf8(text)) {
    return single_fault(file, config::place_of(text, *bad), "not UTF-8: save the file in that encoding");
  }
  const auto document = config::parse_document(text);
  if (!document) return single_fault(file, document.error().place, document.error().message);
  return read_document(*document, file);
}

std::vector<ConfigFault> Config::validate() const {
  std::vector<ConfigFault> faults;
  for (config::Finding& finding : config::find_faults(*this)) {
    faults.push_back({{}, 0, 0, std::move(finding.key), std::move(finding.message)});
  }
  return faults;
}

}  // namespace cordon
