// What the trials of origins and of PostgreSQL servers (<cordon/diagnostics.hpp>) share.
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
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

/// TLS settings for the trial of the route or listener that is alone in `alone`, whose own roots are at `upstream_ca_path`: what
/// is wrong with the roots of others is no matter. `own_ca` is our own CA's certificate; empty: there is none.
Result<bssl::UniquePtr<SSL_CTX>> make_trial_tls(const Config& alone,
                                                const std::optional<std::filesystem::path>& upstream_ca_path,
                                                std::string_view own_ca, const ProxyOptions& options);

/// What is ready to be tried.
struct PreparedTrial {
  /// `tls` is null for one without TLS.
  PreparedTrial(OriginTrial shown, Result<bssl::UniquePtr<SSL_CTX>> tls) : result(std::move(shown)) {
    if (tls)
      context = std::move(*tls);
    else
      result.error = std::move(tls).error();
  }
  bool can_be_tried() const noexcept { return !result.error; }

  OriginTrial result;  ///< With an error from the start: not to be tried.
  bssl::UniquePtr<SSL_CTX> context;
};

/// Runs all that can be tried at the same time until the last is done, `begin(trials, i, prepared[i])` being the i-th.
template <class Begin>
std::vector<OriginTrial> run_all(std::vector<PreparedTrial> prepared, const ProxyOptions& options, const Begin& begin) {
  Trials trials(options);
  std::size_t open = 0;
  const auto ended = [&](const std::exception_ptr& thrown, OriginTrial& result) {
    if (thrown) result.error = Error{Errc::internal, "out of memory"};
    if (--open == 0) trials.watchdog.interrupt_all();
  };
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    PreparedTrial& each = prepared[i];
    if (!each.can_be_tried()) continue;
    ++open;
    asio::co_spawn(trials.io, begin(trials, i, each),
                   [&ended, &each](const std::exception_ptr& thrown) { ended(thrown, each.result); });
  }
  if (open > 0) trials.io.run();  // nothing would end the watchdog of none
  std::vector<OriginTrial> results;
  for (PreparedTrial& each : prepared)
    results.push_back(std::move(each.result));
  return results;
}

}  // namespace cordon::proxy
