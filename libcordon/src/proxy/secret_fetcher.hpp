// Brings a route's secret at the moment a request needs it, without stopping the worker.
#pragma once

#include "net/watchdog.hpp"
#include "secrets/cache_entry.hpp"

namespace cordon::proxy {

/// What a request does when `entry` has no current() value: it waits for the store, on another thread unless the source
/// answers at once. Errors: secret_unavailable, whatever went wrong (the reason is told to the log, not to the client);
/// cancelled. `why` gets the store's own error when there is one. `entry` outlives the call.
net::Task<secrets::SharedSecret> fetch_secret(net::Watchdog& watchdog, secrets::CacheEntry& entry, Error& why);

}  // namespace cordon::proxy
