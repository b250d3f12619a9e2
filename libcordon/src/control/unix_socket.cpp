#include "control/unix_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"

namespace cordon::control {
namespace {

namespace fs = std::filesystem;

constexpr int kBacklog = 64;

std::unexpected<Error> fail_errno(std::string_view what, const fs::path& path, int error_number) {
  return fail(Errc::file_failed, fmt::format("cannot {} {}: {}", what, path.native(), base::errno_text(error_number)));
}

/// Nothing when the path is too long.
std::optional<sockaddr_un> address_of(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

base::UniqueFd new_socket() {
  base::UniqueFd socket = make_stream_socket(AF_UNIX);
  if (socket && !prepare_socket(socket.get())) socket.reset();
  return socket;
}

/// 0, or the errno of connect(2).
int connect_error(int descriptor, const sockaddr_un& address) {
  return ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

/// Keeps other processes from the names in a folder. Where the file system knows no locks there is none, and two instances
/// that start in the same moment may each believe that they were first.
base::UniqueFd lock_folder(const fs::path& folder) {
  base::UniqueFd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (lock && ::flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return lock;
}

/// Makes room at `path`, whose folder is locked.
Result<> clear_the_way(const fs::path& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT ? Result<>() : fail_errno("look at", path, errno);
  if (!S_ISSOCK(info.st_mode))
    return fail(Errc::file_unsafe,
                fmt::format("{} is in the way and is no socket; run: rm {}", path.native(), base::shell_word(path)));
  const base::UniqueFd probe = new_socket();
  if (!probe) return fail(Errc::internal, "no socket is to be had");
  if (connect_error(probe.get(), address) != ECONNREFUSED)
    return fail(Errc::port_in_use, fmt::format("another process listens at {}", path.native()));
  return ::unlink(path.c_str()) == 0 ? Result<>() : fail_errno("remove", path, errno);
}

Result<> bind_privately(int descriptor, const sockaddr_un& address, const fs::path& path) {
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("make the socket", path, errno);
  // Nobody can connect before listen(), so there is no moment at which others could.
  if (::chmod(path.c_str(), 0600) != 0) return fail_errno("protect", path, errno);
  if (::listen(descriptor, kBacklog) != 0) return fail_errno("listen at", path, errno);
  return {};
}

uid_t peer_of(int descriptor, uid_t unknown) {
#ifdef __linux__
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid : unknown;
#else
  uid_t uid = unknown;
  gid_t gid = 0;
  return ::getpeereid(descriptor, &uid, &gid) == 0 ? uid : unknown;
#endif
}

/// Whether the socket at `path` and its folder are this user's. The peer is asked for besides: this keeps us from talking to
/// a socket that anyone could have put there.
Result<> check_place(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail(Errc::not_running);
  if (!S_ISSOCK(info.st_mode)) return fail(Errc::file_unsafe, fmt::format("{} is no socket", path.native()));
  if (info.st_uid != ::geteuid())
    return fail(Errc::file_unsafe, fmt::format("{} belongs to another user (uid {})", path.native(), info.st_uid));
  return base::check_private_folder(path.parent_path());
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const fs::path& path) {
  const auto address = address_of(path);
  if (!address) return fail(Errc::file_failed, fmt::format("{} is too long for the name of a socket", path.native()));
  const fs::path folder = path.parent_path();
  if (auto made = base::make_private_folder(folder); !made) return std::unexpected(made.error());
  const base::UniqueFd lock = lock_folder(folder);
  if (auto free = clear_the_way(path, *address); !free) return std::unexpected(free.error());
  base::UniqueFd socket = new_socket();
  if (!socket) return fail(Errc::internal, "no socket is to be had");
  if (auto bound = bind_privately(socket.get(), *address, path); !bound) return std::unexpected(bound.error());
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail_errno("look at", path, errno);
  return ListeningSocket(std::move(socket), path, info.st_dev, info.st_ino);
}

ListeningSocket::~ListeningSocket() {
  if (!socket_) return;
  const base::UniqueFd lock = lock_folder(path_.parent_path());
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
}

Result<base::UniqueFd> connect_to(const fs::path& path) {
  const auto address = address_of(path);
  if (!address) return fail(Errc::not_running);
  if (auto safe = check_place(path); !safe) return std::unexpected(safe.error());
  base::UniqueFd socket = new_socket();
  if (!socket) return fail(Errc::internal, "no socket is to be had");
  const int error = connect_error(socket.get(), *address);
  if (error == EAGAIN) return fail(Errc::timed_out, fmt::format("{} takes no connections", path.native()));
  if (error == ENOENT || error == ECONNREFUSED) return fail(Errc::not_running);
  if (error != 0)
    return fail(Errc::file_unsafe, fmt::format("cannot connect to {}: {}", path.native(), base::errno_text(error)));
  if (auto ours = check_peer(socket.get()); !ours)
    return fail(Errc::file_unsafe, fmt::format("{}: {}", path.native(), ours.error().message()));
  return socket;
}

Result<> check_peer(int descriptor) {
  const uid_t own = ::geteuid();
  const uid_t peer = peer_of(descriptor, static_cast<uid_t>(-1));
  if (peer == own) return {};
  return fail(Errc::peer_refused,
              fmt::format("the process at the other end runs as another user (uid {})", static_cast<long long>(peer)));
}

}  // namespace cordon::control
