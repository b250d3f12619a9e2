#include "secrets/read_only.hpp"

#include <fmt/core.h>

#include "base/files.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

struct Advice {
  std::string operator()(const OnePasswordRef& ref) const {
    return fmt::format("1Password is only read here; change the item in 1Password, or with: op item edit {} --vault {}",
                       base::shell_word(ref.item), base::shell_word(ref.vault));
  }
  std::string operator()(const KeyringRef& /*ref*/) const { return "this keyring is only read"; }
  std::string operator()(const EnvRef& ref) const {
    return fmt::format(
        "an environment variable cannot be stored; set {} where Cordon is started, or use source = "
        "\"keyring\"",
        ref.variable);
  }
  std::string operator()(const FileRef& ref) const {
    return fmt::format("a file is only read here; write the value to {} yourself, with mode 0600, or remove it there",
                       base::shell_word(ref.path));
  }
  std::string operator()(const CommandRef& ref) const {
    return fmt::format("{} is only run to read; change the value in the store that it reads from", place_of(ref));
  }
  std::string operator()(const PluggedRef& ref) const { return fmt::format("{} is only read here", place_of(ref)); }
};

}  // namespace

std::string how_to_change(const SecretRef& ref) {
  return std::visit(Advice{}, ref);
}

}  // namespace cordon::secrets
