// Brings a route's secret at the moment a request needs it, without stopping the worker.
#pragma once

#include <memory>
#include <unordered_map>

#include <cordon/config.hpp>
#include <cordon/secret_store.hpp>

#include "net/blocking_pool.hpp"

namespace cordon::proxy {

/// One a worker. Sources that answer at once are asked directly; the others in a thread, and requests that come while a
/// fetch of the same route runs share its result.
class SecretFetcher {
 public:
  SecretFetcher(net::Watchdog& watchdog, net::BlockingPool& pool) : watchdog_(watchdog), pool_(pool) {}

  /// Errors: secret_unavailable, whatever went wrong (the reason is told to the log, not to the client); cancelled.
  /// `why` gets the store's own error when there is one. `store` is shared with the thread that fetches, which may outlive
  /// the worker by one fetch; `route` outlives the call.
  net::Task<std::shared_ptr<const Secret>> fetch(std::shared_ptr<const SecretStore> store, const Route& route,
                                                 Error& why);

 private:
  // Shared by the requests that wait for one fetch: each of them reads the result in its own time.
  struct Flight;
  struct Boarding;

  net::Task<std::shared_ptr<const Secret>> fetch_in_thread(std::shared_ptr<const SecretStore> store, const Route& route,
                                                           Error& why);

  net::Watchdog& watchdog_;
  net::BlockingPool& pool_;
  std::unordered_map<const Route*, std::shared_ptr<Flight>> flights_;
};

}  // namespace cordon::proxy
