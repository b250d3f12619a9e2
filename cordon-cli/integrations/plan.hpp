// What setup is going to write into another program's settings, and the writing of it.
//
// A plan is made of the config alone and never holds a token. rehearse() tries it on the files as they are, in memory; apply()
// writes: the backup first, then the record of what is being done, then the file, so that whatever breaks can be undone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>
#include <cordon/settings_file.hpp>

#include "integrations/record.hpp"
#include "integrations/setting.hpp"

namespace cordon::cli {

struct PlannedFile {
  std::filesystem::path path;
  const Format* format = nullptr;      ///< Null: the whole file is ours, and holds `text`.
  std::vector<Setting> settings = {};  ///< What is to be in it, among other things.
  std::string text = {};
  std::filesystem::path within = {};  ///< As in SettingsPlace.

  SettingsPlace place() const { return {path, within}; }
};

/// Settings that earlier versions wrote to a place that is wrong by now.
struct Leftover {
  std::filesystem::path path;
  const Format* format = nullptr;
  std::vector<Setting> settings;  ///< As they are now.
  std::filesystem::path within;   ///< As in SettingsPlace.
};

struct Plan {
  std::vector<PlannedFile> files;
  std::vector<Leftover> leftovers = {};
  std::vector<std::string> hints = {};  ///< Sentences about what is left to the person.
};

enum class Change : std::uint8_t {
  made,
  changed,
  already,  ///< It was as it should be.
  left,     ///< The file is the person's own; it stays as it is.
  removed,  ///< Of leftovers.
};

/// `made`, `changed`, `already`, `left`, `removed`.
std::string_view name(Change change);

struct FileOutcome {
  std::filesystem::path path;
  Change change;
  std::filesystem::path target;                      ///< Where the file really is, with links resolved.
  std::optional<std::filesystem::path> backup = {};  ///< When it was made now.
};

/// What apply() would do, without backups. Changes nothing. `token` is the tool's, where it has one already, else kTokenPlace.
/// @returns why it cannot be done, with the file's name
Result<std::vector<FileOutcome>> rehearse(const Plan& plan, const RecordedTool* recorded, std::string_view token);

/// Writes the plan. `record` has an entry for the tool afterwards, and is saved.
/// @returns why it stopped, with the file's name; what was written by then is recorded
Result<std::vector<FileOutcome>> apply(const Plan& plan, std::string_view tool, const Secret& token, Record& record);

}  // namespace cordon::cli
