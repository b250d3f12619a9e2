// Whether a connection is served at all: only for processes of users whom the settings admit.
#pragma once

#include "proxy/client.hpp"

namespace cordon::proxy {

/// Finds out whose process the client is, once a connection and before a byte of it is read, and @returns whether it may be
/// served. Errors: peer_refused
Result<> admit(Client& client);

/// Answers a connection that was not admitted. The log names its user, and its program where that can be found.
net::Infallible<Ending> refuse_peer(Client& client, Error why);

}  // namespace cordon::proxy
