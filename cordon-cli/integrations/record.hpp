// What setup has written into other programs' settings, so that it can be undone exactly: integrations.json in the instance's
// state folder, 0600. It never holds a token.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/instance.hpp>
#include <cordon/settings_file.hpp>

#include "integrations/setting.hpp"

namespace cordon::cli {

/// A file that setup has changed or made.
struct RecordedFile {
  std::filesystem::path path;
  std::string format;                                ///< A Format's name; empty for a file that is all ours.
  std::optional<std::filesystem::path> backup = {};  ///< What was there before. None: setup made the file.
  FileMode mode = 0644;                              ///< Before setup.
  std::vector<Setting> settings = {};
  std::string text = {};              ///< Of a file that is all ours.
  std::string fingerprint = {};       ///< Of what the backup is to hold.
  std::filesystem::path target = {};  ///< Where the file really was, with links resolved.
  std::filesystem::path within = {};  ///< As in SettingsPlace.
};

struct RecordedTool {
  std::string tool;
  std::string token;  ///< The token's name.
  std::vector<RecordedFile> files = {};
  std::vector<std::filesystem::path> folders = {};  ///< Those that setup made, outermost first.
  /// The certificate of the CA with which the program was last told to go by its settings; empty: it was not, or that failed.
  std::filesystem::path followed = {};

  RecordedFile* find(const std::filesystem::path& path);
};

/// All tools of one instance.
class Record {
 public:
  /// Reads it; a missing file is an empty record. @returns config_invalid when it is not one, file_unsafe, file_failed
  static Result<Record> load(const Instance& instance);

  /// Writes it whole. The state folder must exist.
  Result<> save() const;

  RecordedTool* find(std::string_view tool);
  const RecordedTool* find(std::string_view tool) const { return const_cast<Record*>(this)->find(tool); }

  /// The tool's entry, made when there is none. Invalidates those found before.
  RecordedTool& get(std::string_view tool, std::string_view token);
  void remove(std::string_view tool);

  const std::vector<RecordedTool>& tools() const noexcept { return tools_; }

 private:
  std::filesystem::path path_;
  std::vector<RecordedTool> tools_;
};

}  // namespace cordon::cli
