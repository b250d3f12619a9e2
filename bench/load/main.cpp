// cordon-load: many connections from one thread, each asking again as soon as it was answered. The exit status is 0
// when every answer was a 200 and nothing failed, 1 otherwise, 2 for a usage error.
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "connection.hpp"

namespace load {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList resolve(const Options& options) {
  std::string host = options.url.host;
  std::string port = options.url.port;
  if (options.proxy) {
    const auto colon = options.proxy->rfind(':');
    host = options.proxy->substr(0, colon);
    port = colon == std::string::npos ? "" : options.proxy->substr(colon + 1);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    fmt::print(stderr, "cordon-load: {}:{}: {}\n", host, port, gai_strerror(code));
  }
  return {found, &freeaddrinfo};
}

int keep_session(SSL* tls, SSL_SESSION* session) {
  auto& plan = *static_cast<Plan*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls)));
  plan.session.reset(session);
  return 1;  // it is ours now
}

bssl::UniquePtr<SSL_CTX> make_tls(const Options& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!options.ca_file.empty()) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr) != 1) {
      fmt::print(stderr, "cordon-load: {}: no certificates can be read from it\n", options.ca_file);
      return nullptr;
    }
  }
  if (options.resume) {
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  }
  return context;
}

void compose_heads(Plan& plan) {
  const auto& options = plan.options;
  const auto& url = options.url;
  const bool default_port = url.port == (url.tls ? "443" : "80");
  const auto authority = fmt::format("{}:{}", url.host, url.port);
  const auto host = default_port ? url.host : authority;
  if (options.proxy && url.tls) {
    plan.connect_head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority);
  }
  const auto target = options.proxy && !url.tls ? fmt::format("http://{}{}", host, url.target) : url.target;
  plan.request_head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: cordon-load\r\n{}", options.method, target,
                                  host, options.more_fields);
  if (options.body_size > 0) {
    plan.request_head += fmt::format("Content-Length: {}\r\n", options.body_size);
  }
  plan.request_head += "\r\n";
}

/// The event loop: every connection, until the time or the number of requests is up.
class Load {
 public:
  Load(Plan& plan, Tally& tally) : plan_(plan), tally_(tally), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < plan.options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(plan, tally));
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { ::close(epoll_); }

  void run(Clock::time_point end) {
    for (auto& connection : connections_) {
      watch(*connection, -1, connection->open());
    }
    while (Clock::now() < end && !has_enough()) {
      wait();
      restart_failed();
    }
  }

 private:
  bool has_enough() const { return plan_.options.requests > 0 && tally_.latency.total() >= plan_.options.requests; }

  void wait() {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 20);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const int before = connection.descriptor();
      const auto wanted = connection.advance();
      watch(connection, before, wanted);
    }
  }

  /// A failed connection is opened again a little later, so that a proxy that is down is not flooded.
  void restart_failed() {
    const auto now = Clock::now();
    if (now < next_restart_) {
      return;
    }
    next_restart_ = now + std::chrono::milliseconds(50);
    for (auto* connection : std::exchange(failed_, {})) {
      watch(*connection, -1, connection->open());
    }
  }

  void watch(Connection& connection, int before, Wanted wanted) {
    if (wanted == Wanted::restart_later) {
      failed_.push_back(&connection);
      return;
    }
    epoll_event event{};
    event.events = wanted == Wanted::readable ? EPOLLIN : EPOLLOUT;
    event.data.ptr = &connection;
    // A descriptor that was closed has left the set; a new one may have the same number.
    if (before != connection.descriptor() ||
        (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.descriptor(), &event) != 0 && errno == ENOENT)) {
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.descriptor(), &event);
    }
  }

  Plan& plan_;
  Tally& tally_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> failed_;
  Clock::time_point next_restart_;
};

void report_text(const Tally& tally, double seconds) {
  const auto& latency = tally.latency;
  fmt::print("{} requests in {:.2f} s, {:.0f} a second, {:.1f} MB/s of bodies\n", latency.total(), seconds,
             static_cast<double>(latency.total()) / seconds, static_cast<double>(tally.body_bytes) / seconds / 1e6);
  fmt::print("200: {}  other status: {}  errors: {}  reconnects: {}  handshakes: {} ({} resumed)\n", tally.succeeded,
             tally.not_200, tally.errors, tally.reconnects, tally.handshakes, tally.resumed);
  fmt::print("latency us: p50 {}  p90 {}  p99 {}  p99.9 {}  max {}\n", latency.percentile(0.5), latency.percentile(0.9),
             latency.percentile(0.99), latency.percentile(0.999), latency.max());
  for (const auto& [kind, count] : tally.kinds) {
    fmt::print("  {}: {}\n", kind, count);
  }
}

void report_json(const Tally& tally, double seconds) {
  const auto& latency = tally.latency;
  std::string kinds;
  for (const auto& [kind, count] : tally.kinds) {
    kinds += fmt::format("{}\"{}\":{}", kinds.empty() ? "" : ",", kind, count);
  }
  fmt::print(
      "{{\"requests\":{},\"seconds\":{:.3f},\"rps\":{:.1f},\"ok\":{},\"not_200\":{},\"errors\":{},\"reconnects\":{},"
      "\"handshakes\":{},\"resumed\":{},\"body_bytes\":{},"
      "\"latency_us\":{{\"p50\":{},\"p90\":{},\"p99\":{},\"p999\":{},\"max\":{}}},\"kinds\":{{{}}}}}\n",
      latency.total(), seconds, static_cast<double>(latency.total()) / seconds, tally.succeeded, tally.not_200,
      tally.errors, tally.reconnects, tally.handshakes, tally.resumed, tally.body_bytes, latency.percentile(0.5),
      latency.percentile(0.9), latency.percentile(0.99), latency.percentile(0.999), latency.max(), kinds);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int run(const Options& options) {
  const auto addresses = resolve(options);
  const auto tls = options.url.tls ? make_tls(options) : nullptr;
  if (!addresses || (options.url.tls && !tls)) {
    return 1;
  }
  const auto start = Clock::now();
  Plan plan{options, *addresses, tls.get(), {}, {}, start + options.warm_up, nullptr};
  if (tls) {
    SSL_CTX_set_app_data(tls.get(), &plan);
  }
  compose_heads(plan);
  Tally tally;
  Load(plan, tally).run(plan.counted_from + options.duration);
  const auto seconds = std::chrono::duration<double>(Clock::now() - plan.counted_from).count();
  if (options.json) {
    report_json(tally, seconds);
  } else {
    report_text(tally, seconds);
  }
  return tally.errors == 0 && tally.not_200 == 0 && tally.succeeded > 0 ? 0 : 1;
}

}  // namespace
}  // namespace load

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write uses write(2)
  load::raise_descriptor_limit();
  const auto parsed = load::parse_options(argc, argv);
  return parsed.options ? load::run(*parsed.options) : parsed.exit_status;
}
