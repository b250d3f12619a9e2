#include "free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cordon::cli {

bool is_free_port(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  // Connections that have ended only linger: they keep no server from the port.
  const int on = 1;
  (void)::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return free;
}

std::optional<std::uint16_t> find_free_port(PortRange range, const std::set<std::uint16_t>& taken) {
  for (std::uint32_t port = range.first; port <= range.last; ++port)
    if (const auto number = static_cast<std::uint16_t>(port); !taken.contains(number) && is_free_port(number))
      return number;
  return std::nullopt;
}

std::optional<std::uint16_t> find_free_port(const std::set<std::uint16_t>& taken) {
  return find_free_port({kFirstPort, kLastPort}, taken);
}

}  // namespace cordon::cli
