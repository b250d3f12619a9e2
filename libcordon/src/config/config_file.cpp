#include "config/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace cordon::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string system_message(int error) {
  return std::generic_category().message(error);
}

std::string open_fault(int error) {
  if (error == ENOENT || error == ENOTDIR) return "does not exist; write it, or name another file";
  // What open says of a socket; a FIFO and a directory open and are told apart by their mode.
  if (error == ENXIO || error == EOPNOTSUPP) return "is not a regular file";
  return fmt::format("cannot be opened: {}", system_message(error));
}

std::string mode_fault(const struct stat& status, uid_t user) {
  if (S_ISDIR(status.st_mode)) return "is a folder; give the file in it";
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_uid != user && status.st_uid != 0) {
    return fmt::format("belongs to another user (uid {}), who could change it; run `chown {}` on it", status.st_uid,
                       user);
  }
  if ((status.st_mode & S_IWOTH) != 0) return "can be changed by everybody; run `chmod o-w` on it";
  return {};
}

std::string size_fault() {
  return fmt::format("is over {} bytes", kMaxConfigSize);
}

/// Reads to the end, or one byte past the bound: the size that fstat told may have changed.
std::expected<std::string, std::string> read_all(int fd) {
  std::string text(kMaxConfigSize + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(fd, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(fmt::format("cannot be read: {}", system_message(errno)));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > kMaxConfigSize) return std::unexpected(size_fault());
  text.resize(size);
  return text;
}

}  // namespace

std::expected<FileText, std::string> read_config_file(const std::filesystem::path& path) {
  // Without O_NONBLOCK the open of a FIFO waits for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return std::unexpected(open_fault(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return std::unexpected(system_message(errno));
  if (std::string fault = mode_fault(status, ::geteuid()); !fault.empty()) return std::unexpected(std::move(fault));
  auto text = read_all(file.get());
  if (!text) return std::unexpected(std::move(text).error());
  const bool group_writable = (status.st_mode & S_IWGRP) != 0;
  return FileText{*std::move(text), group_writable ? "can be changed by its group; run `chmod g-w` on it" : ""};
}

}  // namespace cordon::config
