// What was written for a tool, seen again: is it still there, give it another token, take it away.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

#include "integrations/record.hpp"

namespace cordon::cli {

enum class Undone : std::uint8_t {
  removed,   ///< Setup had made the file.
  restored,  ///< It is byte for byte what it was.
  edited,    ///< What setup wrote is gone; what others wrote since is still there.
  gone,      ///< The file was gone already.
  left,      ///< It is not what setup wrote any more, and stays as it is.
};

/// `removed`, `restored`, `edited`, `gone`, `left`.
std::string_view name(Undone undone);

struct UndoneFile {
  std::filesystem::path path;
  Undone undone;
  std::vector<std::string> left = {};                        ///< Settings that somebody has changed since; they stay.
  std::optional<std::filesystem::path> backup = {};          ///< Kept, because it has something that the file has not.
  std::optional<std::filesystem::path> changed_backup = {};  ///< Not what setup wrote any more: not used, and kept.
};

/// Takes away what setup wrote, file by file. A backup goes when the file is again what is in it.
/// @returns why it stopped, with the file's name; calling it again goes on
Result<std::vector<UndoneFile>> undo(const RecordedTool& tool);

/// A file in which something is not as setup left it.
struct Drift {
  std::filesystem::path path;
  std::vector<std::string> changed = {};
  std::vector<std::string> missing = {};  ///< All of them when the file is gone.
  std::string problem = {};               ///< Why the file cannot be read.
};
std::vector<Drift> find_drift(const RecordedTool& tool);

/// Writes `token` into the tool's settings in place of the one that is there.
/// @returns the settings that are not as setup left them, and so were left alone; why it stopped, with the file's name
Result<std::vector<std::string>> give_token(const RecordedTool& tool, const Secret& token);

}  // namespace cordon::cli
