#include "secrets/value.hpp"

#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace cordon::secrets {
namespace {

struct Place {
  std::string operator()(const OnePasswordRef& ref) const { return fmt::format("the 1Password item {}", ref.item); }
  std::string operator()(const KeyringRef& ref) const { return fmt::format("the keyring entry {}", ref.account); }
  std::string operator()(const EnvRef& ref) const { return fmt::format("the environment variable {}", ref.variable); }
  std::string operator()(const FileRef& ref) const { return fmt::format("the file {}", ref.path.native()); }
  std::string operator()(const CommandRef& ref) const {
    const std::string program = ref.argv.empty() ? "" : std::filesystem::path(ref.argv[0]).filename().native();
    return fmt::format("the command `{}`", program);
  }
  std::string operator()(const PluggedRef& ref) const {
    return fmt::format("the entry {} of the store {}", ref.key, ref.source);
  }
};

std::string_view without_newline(std::string_view text) {
  if (!text.ends_with('\n')) return text;
  text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// What is wrong with a value, or nothing.
std::string_view fault_of(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.empty()) return "is empty";
  if (text.size() > kMaxSecret) return "is over 64 KiB";
  if (text.find_first_of("\r\n"sv) != std::string_view::npos) return "has more than one line";
  if (text.find('\0') != std::string_view::npos) return "holds a NUL byte";
  return {};
}

}  // namespace

Result<Secret> accept_value(Secret value, const SecretRef& ref, Direction direction) {
  const std::string_view text = without_newline(value.reveal());
  if (const auto fault = fault_of(text); !fault.empty()) {
    const std::string what = direction == Direction::fetched ? "the value from " + place_of(ref) : "what was given";
    return fail(Errc::secret_invalid, fmt::format("{} {}; a secret is one line of 1 to 65,536 bytes", what, fault));
  }
  return text.size() == value.size() ? std::move(value) : Secret(text);
}

std::string place_of(const SecretRef& ref) {
  return std::visit(Place{}, ref);
}

}  // namespace cordon::secrets
