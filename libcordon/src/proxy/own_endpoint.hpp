// The proxy's own endpoints: what is asked of the proxy itself, in origin-form on its port.
#pragma once

#include "proxy/client.hpp"

namespace cordon::proxy {

/// Whether an origin-form request is for /health or /metrics. Errors: not_found (no Host can make it a proxied request),
/// misdirected (a Host other than this machine's loopback: a page whose name was rebound), method_refused.
Result<> check_own_endpoint(const http1::RequestHead& request);

/// Answers a request that check_own_endpoint() let pass.
net::Infallible<Ending> send_own_endpoint(Client& client, RequestEvent& event);

}  // namespace cordon::proxy
