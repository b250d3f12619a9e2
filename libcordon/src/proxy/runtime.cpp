#include "proxy/runtime.hpp"

#include <asio/co_spawn.hpp>

#include "proxy/http_session.hpp"
#include "proxy/postgres_session.hpp"

namespace cordon::proxy {
namespace {

/// For coroutines whose end nobody waits for and whose errors have been dealt with inside.
constexpr auto kIgnoreEnd = [](const std::exception_ptr&, const auto&...) {};

}  // namespace

Worker::Worker(Runtime& runtime_, std::shared_ptr<const Settings> settings_, BlockingPools& pools)
    : runtime(runtime_),
      settings(std::move(settings_)),
      resolver(watchdog, runtime.options.fixed_addresses),
      dialer(watchdog, resolver, {pools.route_lookups, pools.other_lookups},
             {runtime.timeouts().dns, runtime.timeouts().connect}, runtime.own_ports),
      programs(pools.programs),
      salted_passwords(watchdog, pools.hashing) {
}

Result<> Worker::listen(std::uint16_t port, net::Sharing sharing) {
  auto bound = net::Listener::bind(io.get_executor(), port, sharing);
  if (!bound) return std::unexpected(std::move(bound).error());
  listener.emplace(std::move(*bound));
  return {};
}

Result<std::uint16_t> Worker::listen_for(std::string name, std::uint16_t port, net::Sharing sharing) {
  auto bound = net::Listener::bind(io.get_executor(), port, sharing);
  if (!bound) return std::unexpected(std::move(bound).error());
  postgres_ports_.push_back({std::move(name), std::move(*bound)});
  return postgres_ports_.back().listener.port();
}

void Worker::run() {
  const auto serve_http = [this](net::Socket socket) { return serve_client(*this, std::move(socket)); };
  asio::co_spawn(io, accept_all(*listener, serve_http), kIgnoreEnd);
  for (PostgresPort& port : postgres_ports_) {
    const auto serve = [this, &port](net::Socket socket) {
      return serve_postgres(*this, port.name, std::move(socket));
    };
    asio::co_spawn(io, accept_all(port.listener, serve), kIgnoreEnd);
  }
  if (!runtime.options.tokens.empty()) asio::co_spawn(io, follow_tokens(), kIgnoreEnd);
  io.run();
}

template <class Serve>
net::Infallible<> Worker::accept_all(net::Listener& port, Serve serve) {
  for (;;) {
    auto socket = co_await port.accept();
    if (!socket) co_return;
    try {
      asio::co_spawn(io, serve(std::move(*socket)), kIgnoreEnd);
    } catch (const std::exception&) {
      runtime.notice(LogLevel::error, "out of memory: a connection was closed");
    }
  }
}

void Worker::adopt(std::shared_ptr<const Settings> next) {
  settings = std::move(next);
  // What was verified against other roots, or signed by another CA, is not used again.
  pool.clear();
  tls_sessions.clear();
  leaves.clear();
  salted_passwords.clear();
  end_unwelcome();
}

/// Requests look at the file themselves; this is for tunnels, which make none.
net::Infallible<> Worker::follow_tokens() {
  constexpr std::chrono::milliseconds kInterval{250};
  net::Timer pause(io.get_executor());
  asio::error_code ignored;
  while (!stopping_) {
    pause.expires_after(kInterval);
    co_await pause.async_wait(net::error_into(ignored));
    if (sessions.size() > 0 && runtime.token_watch.current() != tokens) end_unwelcome();
  }
}

void Worker::end_unwelcome() {
  tokens = runtime.token_watch.current();
  sessions.end_unwelcome();
}

void Worker::stop(StopMode mode) {
  if (mode == StopMode::immediate) watchdog.interrupt_all();
  if (std::exchange(stopping_, true)) return;
  listener->close();
  for (PostgresPort& port : postgres_ports_)
    port.listener.close();
  pool.clear();
  sessions.drain();
  asio::co_spawn(io, drain(), kIgnoreEnd);
}

net::Infallible<> Worker::drain() {
  co_await sessions.wait_until_empty(net::Clock::now() + runtime.timeouts().drain);
  // Ends every wait that is left; sessions only have to return from there.
  watchdog.interrupt_all();
  asio::error_code ignored;
  while (sessions.size() > 0) {
    net::Timer pause(io.get_executor(), std::chrono::milliseconds(5));
    co_await pause.async_wait(net::error_into(ignored));
  }
  pool.clear();
  io.stop();
}

}  // namespace cordon::proxy
