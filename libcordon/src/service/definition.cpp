#include "service/definition.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "service/search_path.hpp"

namespace cordon::service {
namespace {

// Places only. What a helper needs beyond them its owner adds to the service (docs/services.md).
constexpr std::array<std::string_view, 4> kPlaces = {"GNUPGHOME", "PASSWORD_STORE_DIR", "XDG_CONFIG_HOME",
                                                     "XDG_DATA_HOME"};

/// The length of the UTF-8 sequence that begins `text`, which is not empty; 0 when it is none (RFC 3629).
std::size_t sequence_length(std::string_view text) noexcept {
  struct Form {
    std::uint8_t first_low, first_high, second_low, second_high;
    std::size_t length;
  };
  constexpr std::array<Form, 9> kForms = {{{0x00, 0x7f, 0x80, 0xbf, 1},
                                           {0xc2, 0xdf, 0x80, 0xbf, 2},
                                           {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                           {0xe1, 0xec, 0x80, 0xbf, 3},
                                           {0xed, 0xed, 0x80, 0x9f, 3},
                                           {0xee, 0xef, 0x80, 0xbf, 3},
                                           {0xf0, 0xf0, 0x90, 0xbf, 4},
                                           {0xf1, 0xf3, 0x80, 0xbf, 4},
                                           {0xf4, 0xf4, 0x80, 0x8f, 4}}};
  const auto at = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto within = [](std::uint8_t value, std::uint8_t low, std::uint8_t high) {
    return value >= low && value <= high;
  };
  for (const Form& form : kForms) {
    if (!within(at(0), form.first_low, form.first_high) || text.size() < form.length) continue;
    if (form.length > 1 && !within(at(1), form.second_low, form.second_high)) continue;
    bool whole = true;
    for (std::size_t i = 2; i < form.length; ++i)
      whole = whole && within(at(i), 0x80, 0xbf);
    if (whole) return form.length;
  }
  return 0;
}

Result<> check_path(std::string_view what, const std::filesystem::path& path) {
  if (!path.is_absolute()) return fail(Errc::config_invalid, fmt::format("the path of the {} must be absolute", what));
  if (is_plain_text(path.native())) return {};
  return fail(Errc::config_invalid,
              fmt::format("a service cannot be made for a {} whose path has line breaks, other control "
                          "characters or bytes that are not UTF-8: move it or rename its folder",
                          what));
}

}  // namespace

Variables service_environment(const Environment& environment, const std::filesystem::path& config) {
  const auto value = [&environment](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string_view() : std::string_view(found->second);
  };
  Variables out = {{"PATH", service_path(environment, config)}};
  for (const std::string_view name : kPlaces) {
    const bool usable = value(name).starts_with('/') && is_plain_text(value(name));
    if (usable && !is_beside(config, value(name))) out.emplace_back(name, value(name));
  }
  return out;
}

Result<> check_definition(const Definition& definition) {
  if (auto named = check_service_name(definition.name); !named) return named;
  if (auto program = check_path("program", definition.program); !program) return program;
  return check_path("config file", definition.config);
}

bool is_plain_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto first = static_cast<std::uint8_t>(text.front());
    const std::size_t length = sequence_length(text);
    if (length == 0 || first < 0x20 || first == 0x7f) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace cordon::service
