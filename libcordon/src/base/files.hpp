// Files of a person's own: small ones read whole, secret ones only when nobody else can read them, and state written so
// that no reader ever sees half a file. Everything here blocks on the disk only, and is safe on any thread.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

#include "base/unique_fd.hpp"
#include "base/wiped_buffer.hpp"

namespace cordon::base {

/// What to do when the last part of a path is a symbolic link. State files refuse it; files that people place (a
/// config, a mounted secret, a bundle of roots) are often links.
enum class Symlinks : bool { refuse, follow };

/// Who besides its owner may read a private file. `group_if_root_owned` also takes a file that belongs to root and that
/// a group may read: so come credentials from systemd (an ACL shows as group bits) and secrets mounted into a
/// container.
enum class Readers : bool { owner, group_if_root_owned };

/// Whether write_file_whole may replace a file.
enum class Overwrite : bool { no, yes };

/// An open regular file and what fstat said of it.
struct OpenFile {
  UniqueFd fd;
  struct stat info {};
};

/// Opens a regular file for reading; never waits on a FIFO or a device.
/// @returns file_missing, file_unsafe (a link that is refused, or not a regular file), file_failed
Result<OpenFile> open_regular_file(const std::filesystem::path& path, Symlinks symlinks = Symlinks::refuse);

/// The same of the last part of `path` in a folder that is open; a link is refused.
Result<OpenFile> open_regular_file_at(const UniqueFd& folder, const std::filesystem::path& path);

/// The rest of an open file of at most `max` bytes. `path` is for messages. @returns file_failed, also when it is larger
Result<std::string> read_open_file(const OpenFile& file, std::size_t max, const std::filesystem::path& path);

/// The content of a file of at most `max` bytes.
/// @returns as open_regular_file; file_failed when it is larger
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max, Symlinks symlinks = Symlinks::refuse);

/// The content of a file that is believed because its owner is: ours or root's, and not writable by group or others. Links are
/// followed. @returns as read_file, and file_unsafe with the command that mends it
Result<std::string> read_trusted_file(const std::filesystem::path& path, std::size_t max);

/// Reads the rest of `fd` into secret memory. `path` is for messages only.
/// @returns file_failed, also when there are more than `max` bytes
Result<WipedBuffer> read_private(int fd, std::size_t max, const std::filesystem::path& path);

/// Whether a file like `info` is private: ours or root's, and without any access by group and others.
/// @returns file_unsafe, with the command that mends it
Result<> check_private(const struct stat& info, const std::filesystem::path& path, Readers readers = Readers::owner);

/// The same for the file at `path`, which must be a regular file and not a symbolic link.
/// @returns as open_regular_file and check_private
Result<> check_private_file(const std::filesystem::path& path);

/// The content of a private file of at most `max` bytes; the check is on the very file that is read.
/// @returns as open_regular_file, check_private and read_private
Result<WipedBuffer> read_private_file(const std::filesystem::path& path, std::size_t max);

/// Writes a file so that its name shows the old content or the new, never a part, also after a power cut: to another
/// name in the same folder (which must exist), with exactly `mode` from its first byte, synced, renamed, the folder
/// synced. A symbolic link at `path` is replaced, not followed. What killed writers of the same file left behind is removed.
/// @returns whether it was written: false only when there was a file already and `overwrite` is no; file_failed
Result<bool> write_file_whole(const std::filesystem::path& path, std::string_view content, mode_t mode,
                              Overwrite overwrite);

/// The same in a folder that is open: only the last part of `path` is used, and all of it in messages.
Result<bool> write_file_whole_at(const UniqueFd& folder, const std::filesystem::path& path, std::string_view content,
                                 mode_t mode, Overwrite overwrite);

/// Opens the folder that `path` is in. With `within` not empty `path` must be below that, and no part of the way between the two a
/// symbolic link. @returns file_missing, file_unsafe (a link; `path` is not below), file_failed
Result<UniqueFd> open_folder_of(const std::filesystem::path& path, const std::filesystem::path& within = {});

/// The same for a file that is there, of which `old` is what stat said: mode and owner stay what they are. Where its group cannot be
/// kept, the new group gets no access.
/// @returns file_failed, also when the owner cannot be kept
Result<> replace_file_whole(const std::filesystem::path& path, std::string_view content, const struct stat& old);

/// Whether `path` is a folder of ours that neither group nor others can write to.
/// @returns file_missing, file_unsafe (a link, another owner, writable by others; with the command that mends it),
/// file_failed
Result<> check_private_folder(const std::filesystem::path& path);

/// Makes the folder and its missing parents with mode 0700; one that exists is checked and left as it is.
/// @returns as check_private_folder
Result<> make_private_folder(const std::filesystem::path& path);

/// Waits for at most `patience` until no other process holds the lock of `folder`, and takes it. Held until the descriptor
/// is closed, however the process ends. For files that are replaced whole, which therefore cannot carry a lock themselves.
/// @returns file_failed, also when another process holds it for too long
Result<UniqueFd> lock_folder(const std::filesystem::path& folder, std::chrono::milliseconds patience);

/// `path` as one word of a POSIX shell, for the commands that messages show.
std::string shell_word(const std::filesystem::path& path);

/// The system's words for an errno value.
std::string errno_text(int error_number);

}  // namespace cordon::base
