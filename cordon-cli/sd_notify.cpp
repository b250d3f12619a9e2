#include "sd_notify.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace cordon::cli {

SupervisorNotifier::SupervisorNotifier(const Environment& environment) {
  const auto found = environment.find("NOTIFY_SOCKET");
  if (found == environment.end()) return;
  address_ = found->second;
  ::unsetenv("NOTIFY_SOCKET");
}

void SupervisorNotifier::send(std::string_view state) const noexcept {
  sockaddr_un address{};
  const bool known_kind = address_.starts_with('/') || address_.starts_with('@');
  if (!known_kind || address_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  if (address_.starts_with('@')) address.sun_path[0] = '\0';  // Linux's abstract namespace
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  if (descriptor < 0) return;
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  ::sendto(descriptor, state.data(), state.size(), 0, reinterpret_cast<const sockaddr*>(&address), length);
  ::close(descriptor);
}

}  // namespace cordon::cli
