// lock_folder of files.hpp.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include <fmt/core.h>

#include "base/files.hpp"

namespace cordon::base {

namespace {

constexpr std::chrono::milliseconds kPause{5};

}  // namespace

Result<UniqueFd> lock_folder(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  UniqueFd lock(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const bool held = lock && (errno == EWOULDBLOCK || errno == EINTR);
    if (!held || std::chrono::steady_clock::now() > deadline) {
      return fail(Errc::file_failed,
                  fmt::format("cannot lock {}: {}", folder.native(),
                              held ? "another process is changing what lies in it" : errno_text(errno)));
    }
    std::this_thread::sleep_for(kPause);
  }
  return lock;
}

}  // namespace cordon::base
