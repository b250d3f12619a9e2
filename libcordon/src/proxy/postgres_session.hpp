// One connection to a PostgreSQL listener, from its first byte to its last.
#pragma once

#include <string>

#include "proxy/runtime.hpp"

namespace cordon::proxy {

/// Serves a client of the listener called `name`, which outlives the session: logs in at the origin in its place, then passes
/// bytes on until both ends have ended. Reports it to the sink as one record, and cancel requests not at all.
net::Infallible<> serve_postgres(Worker& worker, const std::string& name, net::Socket socket);

}  // namespace cordon::proxy
