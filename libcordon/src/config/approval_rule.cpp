#include <system_error>

#include <cordon/bindings.hpp>

#include "config/config_file.hpp"
#include "config/document.hpp"
#include "config/keys.hpp"
#include "config/text.hpp"
#include "config/trusted_folder.hpp"

namespace cordon {
namespace {

std::unexpected<Error> fail_unknown(const std::string& fault) {
  return fail(Errc::config_invalid,
              fault + "; whether approval is required stands in that file: see `cordon check --scope user`");
}

/// A file that holds nothing but the rule needs no port.
std::vector<ConfigFault> faults_of(config::Reading& reading) {
  auto faults = reading.take_faults();
  std::erase_if(faults, [](const ConfigFault& fault) { return fault.key == "listen"; });
  return faults;
}

Result<ApprovalRule> parse_rule(std::string_view text, const std::filesystem::path& file) {
  if (const auto bad = config::find_invalid_utf8(text)) {
    const auto place = config::place_of(text, *bad);
    return fail_unknown(ConfigFault{file, place.line, place.column, "", "not UTF-8"}.to_string());
  }
  const auto document = config::parse_document(text);
  if (!document) {
    const auto& [place, message] = document.error();
    return fail_unknown(ConfigFault{file, place.line, place.column, "", message}.to_string());
  }
  Config config;
  config::Reading reading(file);
  config::read_root({*document, "", reading}, config);
  if (const auto faults = faults_of(reading); !faults.empty()) return fail_unknown(faults.front().to_string());
  return config.secrets.require_approval ? ApprovalRule::required : ApprovalRule::advised;
}

}  // namespace

Result<ApprovalRule> approval_rule(const Config& config, const std::filesystem::path& user_config) {
  if (config.secrets.require_approval) return ApprovalRule::required;
  // Whoever could remove the file could switch the rule off.
  if (auto safe = config::check_trusted_folder(user_config.parent_path()); !safe) return std::unexpected(safe.error());
  std::error_code ignored;
  const auto kind = std::filesystem::symlink_status(user_config, ignored).type();
  if (kind == std::filesystem::file_type::not_found) return ApprovalRule::advised;
  const auto content = config::read_config_file(user_config);
  if (!content) return fail_unknown(ConfigFault{user_config, 0, 0, "", content.error()}.to_string());
  return parse_rule(content->text, user_config);
}

}  // namespace cordon
