// Whether a connection is served at all: only for processes of users whom the settings admit.
#pragma once

#include <optional>

#include "proxy/runtime.hpp"

namespace cordon::proxy {

struct Admission {
  std::optional<net::Peer> peer;  ///< Whose process it is; absent: not known.
  Result<> verdict;               ///< peer_refused: it may not be served.
};

/// Finds out whose process the client of `connection` is, once a connection and before a byte of it is read, and judges it.
Admission admit(Worker& worker, const net::TcpStream& connection);

/// Tells the log of a connection that was not admitted: its user, and its program where that can be found.
void report_not_admitted(Worker& worker, const std::optional<net::Peer>& peer, const Error& why);

}  // namespace cordon::proxy
