#include "proxy/http_session.hpp"

#include <algorithm>

#include "config/host_name.hpp"
#include "http1/target.hpp"
#include "proxy/admission.hpp"
#include "proxy/connect_tunnel.hpp"
#include "proxy/exchange.hpp"
#include "proxy/judgement.hpp"
#include "proxy/own_endpoint.hpp"

namespace cordon::proxy {
namespace {

using Phase = net::TaskGroup::Phase;
using Form = http1::TargetForm;

/// Whether a failure to read a head is answered, rather than only closed upon.
bool is_answerable(Errc code) noexcept {
  return code == Errc::bad_request || code == Errc::head_too_large || code == Errc::target_too_long;
}

/// Answers a head that could not be read; nothing of it is known.
net::Infallible<Ending> refuse_head(Client& client, Error error, std::string_view route) {
  if (!is_answerable(error.code)) co_return Ending::abort;
  Record record(client);
  record.event.route = route;
  const Refusal refusal = refuse(std::move(error), route);
  co_return co_await send_refusal(client, refusal, record.event, Persistence::close);
}

net::Infallible<Ending> refuse_request(Client& client, Error error, RequestEvent& event) {
  const bool keep = client.request().keep_alive && error.code != Errc::bad_request && error.code != Errc::misdirected;
  const Refusal refusal = refuse(std::move(error), event.route);
  co_return co_await send_refusal(client, refusal, event, keep ? Persistence::keep_alive : Persistence::close);
}

/// The target for the origin of a request inside a tunnel, once the request is found to be bound where the tunnel is.
Result<std::string_view> check_binding(const http1::RequestHead& request, const Destination& destination) {
  if (request.method == "CONNECT") return fail(Errc::method_refused);
  if (destination.security == Security::plaintext && !destination.route->allow_plaintext) {
    return fail(Errc::plaintext_refused);
  }
  const auto target = http1::parse_target(request.method, request.target);
  if (!target) return std::unexpected(target.error());
  if (target->form != Form::origin && target->form != Form::asterisk) {
    return fail(Errc::bad_request, "inside a tunnel the request target is a path");
  }
  if (std::ranges::find(request.fields, http1::FieldName::host, &http1::Field::id) == request.fields.end()) {
    return request.target;  // HTTP/1.0: the parser lets no other request pass without Host
  }
  const auto host = config::parse_authority(request.value_of(http1::FieldName::host), destination.port);
  if (!host) return fail(Errc::bad_request, "the Host field is not a host");
  if (host->host != destination.host || host->port != destination.port) return fail(Errc::misdirected);
  return request.target;
}

/// Where an absolute-form request goes, or why it does not.
Result<Destination> absolute_destination(Client& client, const http1::Target& target) {
  if (!http1::equals_ignoring_case(target.scheme, "http")) {
    return fail(Errc::bad_request, "an absolute-form target is http:; for https use CONNECT");
  }
  auto authority = config::parse_authority(target.authority, 80);
  if (!authority) return std::unexpected(std::move(authority).error());
  const auto match = judge_plaintext(client.worker.settings->routes, authority->host, authority->port);
  if (!match) return std::unexpected(match.error());
  if (match->other_port_only) note_other_port(client.worker.runtime, *match->other_port_only, authority->port);
  return make_destination(std::move(authority->host), authority->port, match->route, Security::plaintext,
                          client.worker.settings);
}

/// The path for the origin. An empty one is "/" (RFC 9112, section 3.2.1), or "*" when OPTIONS asks about the server as
/// a whole (section 3.2.4).
std::string path_for_origin(const http1::Target& target, std::string_view method) {
  if (target.path.empty()) return method == "OPTIONS" ? "*" : "/";
  return target.path.front() == '?' ? "/" + std::string(target.path) : std::string(target.path);
}

net::Infallible<Ending> serve_absolute(Client& client, const http1::Target& target) {
  const std::string_view method = client.request().method;
  const std::string path = path_for_origin(target, method);
  const auto destination = absolute_destination(client, target);
  const auto judged = destination ? judge_request_token(client, destination->route) : Judged();
  Record record(client);
  record.event.method = method;
  record.event.path = http1::path_without_query(path);
  if (!destination) co_return co_await refuse_request(client, destination.error(), record.event);
  record.concerns(*destination);
  record.event.token = judged.access.token_name();
  if (!judged) co_return co_await refuse_request(client, judged.refusal.error(), record.event);
  client.access = judged.access;
  const Bound bound(client, *destination);  // it may become a WebSocket
  Exchange exchange(client, *destination, path, record.event);
  co_return co_await exchange.run();
}

net::Infallible<Ending> serve_own_endpoint(Client& client) {
  const auto judged = check_own_endpoint(client);
  Record record(client);
  record.event.method = client.request().method;
  record.event.path = http1::path_without_query(client.request().target);
  record.event.token = judged.access.token_name();
  if (!judged) co_return co_await refuse_request(client, judged.refusal.error(), record.event);
  co_return co_await send_own_endpoint(client, record.event);
}

/// One request inside a tunnel, which its CONNECT's token authorises for as long as that is good.
net::Infallible<Ending> serve_bound_request(Client& client, const Destination& destination) {
  const auto judged = judge_token_again(client.access, client.worker.runtime.token_watch.current(), destination.route);
  if (judged) client.access = judged.access;
  Record record(client);
  record.concerns(destination);
  record.event.token = judged.access.token_name();
  record.event.method = client.request().method;
  record.event.path = http1::path_without_query(client.request().target);
  if (!judged) {
    const Refusal refusal = refuse(judged.refusal.error(), destination.route_name());
    co_return co_await send_refusal(client, refusal, record.event, Persistence::close);
  }
  const auto target = check_binding(client.request(), destination);
  if (!target) co_return co_await refuse_request(client, target.error(), record.event);
  Exchange exchange(client, destination, *target, record.event);
  co_return co_await exchange.run();
}

/// One request on the proxy port that is not CONNECT.
net::Infallible<Ending> serve_request(Client& client) {
  const auto target = http1::parse_target(client.request().method, client.request().target);
  if (!target) co_return co_await refuse_head(client, target.error(), {});
  if (target->form == Form::absolute) co_return co_await serve_absolute(client, *target);
  co_return co_await serve_own_endpoint(client);
}

/// Answers a connection of a process that is not admitted.
net::Infallible<Ending> refuse_peer(Client& client, Error why) {
  report_not_admitted(client.worker, client.peer, why);
  Record record(client);
  const Refusal refusal = refuse(std::move(why), {});
  co_return co_await send_refusal(client, refusal, record.event, Persistence::close);
}

net::Infallible<> end(Client& client, Ending ending) {
  if (ending == Ending::close) co_await close_gently(*client.stream);
}

/// Takes over what a reload has put in place. A session that it has no place for is not asked: it ends.
void follow_reload(const Worker& worker, Destination& destination) {
  if (destination.settings == worker.settings) return;
  const auto found = find_again(destination, *worker.settings);
  if (!found.holds) return;
  destination.route = found.route;
  destination.settings = worker.settings;
}

}  // namespace

net::Infallible<> serve_bound(Client& client, Destination& destination) {
  const Timeouts& timeouts = client.worker.runtime.timeouts();
  auto idle = timeouts.silent_connection;
  auto ending = Ending::keep_alive;
  while (ending == Ending::keep_alive && !client.member.draining()) {
    client.member.enter(Phase::idle);
    auto head = co_await read_request_head(client, idle);
    client.member.enter(Phase::busy);
    if (head) {
      follow_reload(client.worker, destination);
      ending = co_await serve_bound_request(client, destination);
    } else {
      ending = co_await refuse_head(client, std::move(head).error(), destination.route_name());
    }
    idle = timeouts.keep_alive;
  }
  co_await end(client, ending);
}

net::Infallible<> serve_client(Worker& worker, net::Socket socket) {
  const OpenConnection counted(worker.runtime.metrics);
  Client client(worker, std::make_unique<net::TcpStream>(std::move(socket), worker.watchdog));
  const Admission admission = admit(worker, *client.tcp);
  client.peer = admission.peer;
  if (!admission.verdict) {
    const auto refused = co_await refuse_peer(client, admission.verdict.error());
    co_return co_await end(client, refused);
  }
  auto idle = worker.runtime.timeouts().silent_connection;
  auto ending = Ending::keep_alive;
  while (ending == Ending::keep_alive && !client.member.draining()) {
    client.member.enter(Phase::idle);
    auto head = co_await read_request_head(client, idle);
    client.member.enter(Phase::busy);
    if (!head) {
      ending = co_await refuse_head(client, std::move(head).error(), {});
    } else if (client.request().method == "CONNECT") {
      ending = co_await serve_connect(client);
    } else {
      ending = co_await serve_request(client);
    }
    idle = worker.runtime.timeouts().keep_alive;
  }
  co_await end(client, ending);
}

}  // namespace cordon::proxy
