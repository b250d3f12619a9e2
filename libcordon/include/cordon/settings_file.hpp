// File: settings_file.hpp
//
// Small text files that a person, or another program, also edits: a program's settings, a `.env`, a config file. They are
// read whole and replaced whole, so that no reader ever sees half of one; what changes in them is the caller's affair.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon {

/// What to do with a symbolic link in the file's place. People keep the settings in their home folder behind links into a
/// folder of their own; in a folder that programs write to, a link could lead anywhere.
enum class LinkedSettings : bool { refuse, follow };

/// Permission bits, such as 0600.
using FileMode = unsigned;

/// Such a file as it was read. It may hold other programs' secrets: never show its text.
struct SettingsFile {
  std::filesystem::path path;       ///< The file itself, also when it was found behind a link.
  std::optional<std::string> text;  ///< Absent: there is no such file.
  FileMode mode = 0644;             ///< Of the file; 0644 when there is none.
};

/// Reads the file at `path`, of at most 4 MiB. Blocks on the disk; any thread.
/// @returns file_unsafe (a link that is refused, that belongs to another user or that leads nowhere; another user's file;
/// not a regular file), file_failed
Result<SettingsFile> read_settings_file(const std::filesystem::path& path, LinkedSettings links);

/// Writes the file whole: under another name in the same folder, which must exist, with `mode` from its first byte, synced,
/// renamed. @returns file_failed
Result<> write_settings_file(const std::filesystem::path& path, std::string_view text, FileMode mode);

/// The same when there is nothing at `path`, not even a link. @returns whether it was written; file_failed
Result<bool> create_settings_file(const std::filesystem::path& path, std::string_view text, FileMode mode);

}  // namespace cordon
