#include "choices.hpp"

#include <fmt/ranges.h>

namespace cordon::cli {
namespace {

// CLI11 tells a validator's name, but not what it accepts: the name carries that.
constexpr std::string_view kMark = "one of ";

}  // namespace

CLI::Validator one_of(const std::vector<std::string>& words) {
  CLI::IsMember member(words);
  member.description("").name(fmt::format("{}{}", kMark, fmt::join(words, "|")));
  return member;
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const CLI::Validator* validator = nullptr;
  try {
    // Const in all but its signature.
    validator = const_cast<CLI::Option&>(option).get_validator(0);
  } catch (const CLI::OptionNotFound&) {
    return {};
  }
  const std::string& name = validator->get_name();
  return name.starts_with(kMark) ? CLI::detail::split(name.substr(kMark.size()), '|') : std::vector<std::string>();
}

}  // namespace cordon::cli
