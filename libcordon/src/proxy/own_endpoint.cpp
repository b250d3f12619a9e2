#include "proxy/own_endpoint.hpp"

#include "config/host_name.hpp"
#include "http1/target.hpp"

namespace cordon::proxy {
namespace {

constexpr std::string_view kHealth = "/health";
constexpr std::string_view kMetrics = "/metrics";

bool is_loopback_name(std::string_view host_field) {
  if (host_field.empty()) return true;  // HTTP/1.0 without Host: no browser sends that
  const auto host = config::parse_authority(host_field, 80);
  return host && (host->host == "127.0.0.1" || host->host == "localhost" || host->host == "::1");
}

Result<> check_form(const http1::RequestHead& request, std::string_view path) {
  if (path != kHealth && path != kMetrics) return fail(Errc::not_found);
  if (!is_loopback_name(request.value_of(http1::FieldName::host))) return fail(Errc::misdirected);
  if (request.method != "GET" && request.method != "HEAD") return fail(Errc::method_refused);
  return {};
}

/// The answer to a request that check_own_endpoint() let pass.
void compose_own(Client& client, Persistence persistence) {
  const auto body = client.request().method == "HEAD" ? Body::omit : Body::send;
  if (http1::path_without_query(client.request().target) == kHealth) {
    return compose_health(client.worker.runtime.options.instance, persistence, body, client.out);
  }
  std::string figures;
  client.worker.runtime.metrics.write(figures);
  compose_metrics(figures, persistence, body, client.out);
}

}  // namespace

Judged check_own_endpoint(Client& client) {
  const http1::RequestHead& request = client.request();
  const auto path = http1::path_without_query(request.target);
  if (auto known = check_form(request, path); !known) return {{}, std::move(known)};
  if (path == kHealth) return {};
  Runtime& runtime = client.worker.runtime;
  return judge_token_for_own_endpoint(request, runtime.options.instance, runtime.token_watch.current());
}

net::Infallible<Ending> send_own_endpoint(Client& client, RequestEvent& event) {
  event.status = 200;
  const bool whole = finish_bodyless(client);
  const bool keep = client.request().keep_alive && whole && !client.member.draining();
  const auto persistence = keep ? Persistence::keep_alive : Persistence::close;
  client.out.clear();
  compose_own(client, persistence);
  client.stream->expires_after(client.worker.runtime.timeouts().request_head);
  const auto written = co_await client.stream->write(base::as_bytes(client.out));
  client.out.clear();
  if (!written) co_return Ending::abort;
  co_return keep ? Ending::keep_alive : Ending::close;
}

}  // namespace cordon::proxy
