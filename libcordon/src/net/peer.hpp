// Whose process is at the other end of a connection that was accepted on a loopback port.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include <asio/ip/tcp.hpp>

#include <cordon/error.hpp>

#include "base/unique_fd.hpp"

namespace cordon::net {

/// The client's own socket, as the kernel knows it.
struct Peer {
  std::uint32_t uid = 0;    ///< The user whose process made the socket, as our user namespace numbers users.
  std::uint32_t inode = 0;  ///< The socket's number in `/proc/<pid>/fd`; 0 where the system does not tell.
};

/// Asks the kernel about single sockets, over one netlink socket (sock_diag(7)) that stays open: 2 us, no privilege, no
/// allocation. The answer is about the network namespace that the object was made in. One thread at a time.
///
/// Only Linux can be asked. Elsewhere every client is taken for a process of our own user: there is no check.
class PeerLookup {
 public:
  using Endpoint = asio::ip::tcp::endpoint;

  PeerLookup();

  /// The owner of the socket that is connected from `client` to `own`; both are IPv4, whatever family the client's socket is
  /// of. It must be asked before anything else is done with the connection: the answer is about this moment. Blocks only
  /// for as long as the kernel looks. @returns peer_refused when there is no such socket, its process has closed it, its
  /// user has no id of his own here, or the kernel cannot be asked; the context says which
  Result<Peer> find(const Endpoint& client, const Endpoint& own);

 private:
  void open() noexcept;
  /// The kernel's answer, or an errno value: ENOENT when there is no such socket, others when it could not be asked.
  std::expected<Peer, int> ask(const Endpoint& client, const Endpoint& own) noexcept;
  std::expected<Peer, int> receive() noexcept;

  base::UniqueFd socket_;
  [[maybe_unused]] std::uint32_t sequence_ = 0;
  /// The id that stands for every user without one in our user namespace, when there are such.
  std::optional<std::uint32_t> nobody_;
};

}  // namespace cordon::net
