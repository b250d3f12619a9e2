// The control socket in the file system: made, found and removed, and who is at its other end.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include <cordon/error.hpp>

#include "base/unique_fd.hpp"
#include "control/socket_io.hpp"

namespace cordon::control {

/// A listening socket that its owner alone can reach, and its name. Destroying it removes the name, unless another socket has
/// it by now.
class ListeningSocket {
 public:
  /// Makes its folder (0700) where it is missing. What a killed process left at `path` is replaced; a socket that lives, or
  /// something that is no socket, stays. Processes may race: one of them gets the name.
  /// @returns port_in_use (a socket that lives), file_unsafe (the folder, or what is in the way), file_failed
  static Result<ListeningSocket> open(const std::filesystem::path& path);

  ListeningSocket(ListeningSocket&&) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const noexcept { return socket_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  ListeningSocket(base::UniqueFd socket, std::filesystem::path path, dev_t device, ino_t inode)
      : socket_(std::move(socket)), path_(std::move(path)), device_(device), inode_(inode) {}

  base::UniqueFd socket_;
  std::filesystem::path path_;
  dev_t device_;
  ino_t inode_;
};

/// A connection to the socket at `path`, after making sure that it, its folder and the process behind it are this user's.
/// @returns not_running (nothing is there, or nobody listens), file_unsafe, timed_out (too many others wait), internal
Result<base::UniqueFd> connect_to(const std::filesystem::path& path);

/// Whether the process at the other end of a connected Unix socket runs as this user.
/// @returns peer_refused, with its uid
Result<> check_peer(int descriptor);

}  // namespace cordon::control
