// What the trials of origins and of PostgreSQL servers (<cordon/diagnostics.hpp>) share.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

#include <asio/co_spawn.hpp>

#include <cordon/diagnostics.hpp>

#include "net/blocking_pool.hpp"
#include "net/dialer.hpp"
#include "tls/context.hpp"

namespace cordon::proxy {

/// One thread's worth of connections. `options` must outlive it.
struct Trials {
  explicit Trials(const ProxyOptions& its_options) : options(its_options) {}

  const ProxyOptions& options;
  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
  net::BlockingPool lookups{16};
  net::Resolver resolver{watchdog, options.fixed_addresses};
  std::vector<std::uint16_t> own_ports;
  net::Dialer dialer{
      watchdog, resolver, {lookups, lookups}, {options.timeouts.dns, options.timeouts.connect}, own_ports};
};

/// The handshake on a connection to the trial's host; puts the end of the certificate into `trial`.
/// Errors: upstream_tls, upstream_timeout.
net::Task<> shake_hands(Trials& trials, std::unique_ptr<net::TcpStream> tcp, bssl::UniquePtr<SSL> ssl,
                        OriginTrial& trial);

/// Runs `count` trials, `begin(i)` being the i-th, all at the same time, until the last is done.
template <class Begin>
void run_all(Trials& trials, std::size_t count, const Begin& begin) {
  if (count == 0) return;  // nothing would end the watchdog
  std::size_t open = count;
  for (std::size_t i = 0; i < count; ++i) {
    asio::co_spawn(trials.io, begin(i), [&](const std::exception_ptr&) {
      if (--open == 0) trials.watchdog.interrupt_all();
    });
  }
  trials.io.run();
}

}  // namespace cordon::proxy
