// try_servers of <cordon/diagnostics.hpp>.
#include <array>
#include <optional>

#include <fmt/format.h>

#include <cordon/ca_manager.hpp>

#include "postgres/startup.hpp"
#include "proxy/origin_roots.hpp"
#include "proxy/trials.hpp"

namespace cordon {
namespace {

using proxy::run_all;
using proxy::shake_hands;
using proxy::Trials;

/// The answer to SSLRequest is one byte: more of them were never asked for, and would be read as what TLS protects.
Result<> judge_answer(std::span<const std::byte> answer, const OriginTrial& trial) {
  using postgres::SslAnswer;
  const SslAnswer sign = postgres::parse_ssl_answer(answer.front());
  if (sign == SslAnswer::error) return fail(Errc::upstream_protocol, "the server answered SSLRequest with an error");
  if (sign == SslAnswer::nonsense)
    return fail(Errc::upstream_protocol, "the server answered SSLRequest with neither S nor N: it is no PostgreSQL");
  if (answer.size() > 1) return fail(Errc::upstream_protocol, "the server sent more than its answer to SSLRequest");
  if (trial.tls && sign == SslAnswer::plaintext)
    return fail(Errc::upstream_tls, "the server has no TLS (it answered SSLRequest with N); switch it on there");
  return {};
}

net::Task<> ask_for_tls(Trials& trials, net::TcpStream& tcp, const OriginTrial& trial) {
  tcp.expires_after(trials.options.timeouts.tls_handshake);
  base::WipedBuffer request;
  postgres::compose_ssl_request(request);
  auto done = co_await tcp.write(request.bytes());
  std::array<std::byte, 2> answer{};
  Result<std::size_t> size = std::size_t{0};
  if (done) size = co_await tcp.read_some(answer);
  const Errc code = !done ? done.error().code : !size ? size.error().code : Errc::internal;
  if (code == Errc::timed_out) co_return fail(Errc::upstream_timeout, "the server did not answer SSLRequest");
  if (!done || !size) co_return fail(Errc::upstream_protocol, "the server closed the connection upon SSLRequest");
  co_return judge_answer(std::span<const std::byte>(answer).first(*size), trial);
}

net::Task<> connect(Trials& trials, SSL_CTX* context, OriginTrial& trial) {
  const auto reach = trial.tls ? net::Reach::anywhere : net::Reach::private_only;
  auto tcp = co_await trials.dialer.dial(trial.host, trial.port, reach);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  auto asked = co_await ask_for_tls(trials, **tcp, trial);
  if (!asked || !trial.tls) co_return asked;
  auto ssl = tls::make_origin_session(*context, trial.host, tls::Protocol::postgresql);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  co_return co_await shake_hands(trials, std::move(*tcp), std::move(*ssl), trial);
}

OriginTrial trial_of(const Listener& listener, std::optional<Error> error) {
  return {.name = listener.name,
          .host = listener.upstream_host,
          .port = listener.upstream_port,
          .tls = listener.upstream_tls == UpstreamTls::verify_full,
          .took = {},
          .error = std::move(error),
          .certificate_end = {}};
}

/// `context` is null for a server without TLS.
net::Infallible<> try_server(Trials& trials, SSL_CTX* context, OriginTrial& result) {
  const auto start = std::chrono::steady_clock::now();
  const auto done = co_await connect(trials, context, result);
  result.took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  result.error = done ? std::nullopt : std::optional(done.error());
}

/// TLS settings for one listener, whatever is wrong with the roots of others.
Result<bssl::UniquePtr<SSL_CTX>> make_context(const Config& config, const Listener& listener, const std::string& own_ca,
                                              const ProxyOptions& options) {
  Config alone = config;
  alone.routes.clear();
  alone.listeners = {listener};
  const auto roots = proxy::read_origin_roots(alone, options.extra_roots_pem);
  if (!roots) return std::unexpected(roots.error().front());
  return proxy::make_origin_tls(roots->of(listener.upstream_ca_path), own_ca);
}

}  // namespace

std::vector<OriginTrial> try_servers(const Config& config, const CaPaths& ca, const ProxyOptions& options) {
  const auto info = inspect_ca(ca);
  std::vector<OriginTrial> results;
  std::vector<bssl::UniquePtr<SSL_CTX>> contexts;
  std::vector<std::size_t> open;
  for (const Listener& listener : config.listeners) {
    const std::size_t index = results.size();
    results.push_back(trial_of(listener, Error{Errc::internal, "out of memory"}));
    contexts.emplace_back();
    auto context = results.back().tls ? make_context(config, listener, info ? info->pem : std::string(), options)
                                      : Result<bssl::UniquePtr<SSL_CTX>>(nullptr);
    if (context) open.push_back(index);
    if (context)
      contexts.back() = std::move(*context);
    else
      results.back().error = context.error();
  }
  Trials trials(options);
  run_all(trials, open.size(),
          [&](std::size_t i) { return try_server(trials, contexts[open[i]].get(), results[open[i]]); });
  return results;
}

}  // namespace cordon
