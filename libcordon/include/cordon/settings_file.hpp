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

/// A file, and how far the way to it is believed. People keep the settings in their home folder behind links into a folder of
/// their own; in a folder that programs write to, a link could lead anywhere.
struct SettingsPlace {
  std::filesystem::path path;
  /// `path` lies below this folder, and no part of the way from it may be a symbolic link: neither when it is looked at nor
  /// later, when a program changes it meanwhile. Empty: links are followed.
  std::filesystem::path within = {};
};

/// Permission bits, such as 0600.
using FileMode = unsigned;

/// Such a file as it was read. It may hold other programs' secrets: never show its text.
struct SettingsFile {
  std::filesystem::path path;       ///< The file itself, with every link on the way to it resolved that was followed.
  std::optional<std::string> text;  ///< Absent: there is no such file.
  FileMode mode = 0644;             ///< Of the file; 0644 when there is none.
};

/// Reads the file, of at most 4 MiB. Blocks on the disk; any thread.
/// @returns file_unsafe (a link that is refused, that belongs to another user or that leads nowhere; another user's file;
/// not a regular file), file_failed
Result<SettingsFile> read_settings_file(const SettingsPlace& place);

/// Writes the file whole: under another name in the same folder, which must exist, with `mode` from its first byte, synced,
/// renamed. A link in the file's own place is replaced. @returns file_unsafe (a link to its folder that is refused), file_failed
Result<> write_settings_file(const SettingsPlace& place, std::string_view text, FileMode mode);

/// The same when there is nothing at the place, not even a link. @returns whether it was written; otherwise the same
Result<bool> create_settings_file(const SettingsPlace& place, std::string_view text, FileMode mode);

/// Removes the file; one that is gone already is none. @returns as write_settings_file
Result<> remove_settings_file(const SettingsPlace& place);

/// Makes the folder at the place, in one that exists. @returns whether it was made: false when there is something; otherwise as
/// write_settings_file
Result<bool> make_settings_folder(const SettingsPlace& place);

/// Removes the folder at the place if it is empty; anything else stays.
void remove_empty_settings_folder(const SettingsPlace& place) noexcept;

}  // namespace cordon
