#include <unistd.h>

#include "net/peer.hpp"

namespace cordon::net {

PeerLookup::PeerLookup() = default;

// The system tells an unprivileged process nothing of other users' sockets.
Result<Peer> PeerLookup::find(const Endpoint&, const Endpoint&) {
  return Peer{::geteuid(), 0};
}

}  // namespace cordon::net
