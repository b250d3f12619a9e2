#include "free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cordon::cli {
namespace {

bool is_free(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return free;
}

}  // namespace

std::optional<std::uint16_t> find_free_port(const std::set<std::uint16_t>& taken) {
  for (std::uint16_t port = kFirstPort; port <= kLastPort; ++port)
    if (!taken.contains(port) && is_free(port)) return port;
  return std::nullopt;
}

}  // namespace cordon::cli
