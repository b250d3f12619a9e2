// One setting of another program, and the kinds of files that settings are in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

#include "integrations/json_edit.hpp"

namespace cordon::cli {

/// Stands for the token in the settings that are planned and recorded: neither a plan nor a record ever holds a token.
inline constexpr std::string_view kTokenPlace = "{token}";

enum class SettingKind : std::uint8_t {
  value,    ///< The value of a key.
  element,  ///< An element of an array, among others.
};

struct Setting {
  std::vector<std::string> key;  ///< From the outermost object inwards.
  Json value;                    ///< A proxy's address has kTokenPlace in it.
  SettingKind kind = SettingKind::value;

  bool operator==(const Setting&) const = default;
};

/// A kind of file. Pure functions of its text; their errors are those of the editors.
struct Format {
  std::string_view name;
  /// What is there now; of an element the one that is equal, or, when there is none, one that runs the same command.
  Result<std::optional<Json>> (*find)(std::string_view text, const Setting& setting);
  Result<std::string> (*put)(std::string_view text, const Setting& setting);
  Result<std::string> (*erase)(std::string_view text, const Setting& setting);
  /// Takes away what `setting` stood in, where nothing is left in it and `original` does not have it.
  Result<std::string> (*prune)(std::string_view text, std::string_view original, const Setting& setting);
};

/// json (JSON and JSON5), env, toml.
const Format* find_format(std::string_view name);

/// `planned` with the token in its place.
Json with_token(const Json& planned, std::string_view token);

/// Whether `actual` is `planned` with some token in its place.
bool fits(const Json& planned, const Json& actual);

/// Whether the token has a place in `planned`.
bool has_token(const Json& planned);

/// How a person calls it: `env.HTTPS_PROXY`.
std::string name_of(const Setting& setting);

/// What became of a setting that was written.
enum class Held : std::uint8_t { ours, changed, absent };
Result<Held> held(const Format& format, std::string_view text, const Setting& setting);

}  // namespace cordon::cli
