// Passes bytes between two connections until both directions have ended.
#pragma once

#include <cstdint>

#include "net/stream.hpp"
#include "net/tcp_stream.hpp"

namespace cordon::net {

struct RelayCounts {
  std::uint64_t up = 0;    ///< From the client to the origin.
  std::uint64_t down = 0;  ///< From the origin to the client.
};

/// Relays both ways with back-pressure. An end of one direction is passed on and the other goes on. What cannot be read
/// from any more ends both; one that takes no more bytes is given a moment to say its last, as a server does that closes a
/// connection with an error. Returns when both have ended; `counts` is kept up to date meanwhile.
Task<> relay(Stream& client, Stream& origin, RelayCounts& counts);

/// The same for two TCP connections, whose bytes need not be seen: on Linux those that come in bulk stay in the kernel
/// (splice).
Task<> relay_sockets(TcpStream& client, TcpStream& origin, RelayCounts& counts);

}  // namespace cordon::net
