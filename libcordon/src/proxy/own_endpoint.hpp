// The proxy's own endpoints: what is asked of the proxy itself, in origin-form on its port.
#pragma once

#include "proxy/client.hpp"

namespace cordon::proxy {

/// Whether the origin-form request whose head was read last is for /health or /metrics, and by which token it may have the
/// latter. Errors: not_found (no Host can make it a proxied request), misdirected (a Host other than this machine's
/// loopback: a page whose name was rebound), method_refused, and those of judge_token_for_own_endpoint().
Judged check_own_endpoint(Client& client);

/// Answers a request that check_own_endpoint() let pass.
net::Infallible<Ending> send_own_endpoint(Client& client, RequestEvent& event);

}  // namespace cordon::proxy
