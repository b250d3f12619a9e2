#include "proxy/exchange.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include <fmt/format.h>

#include "http1/hop_by_hop.hpp"
#include "http1/serializer.hpp"
#include "inject/injector.hpp"
#include "proxy/websocket.hpp"

namespace cordon::proxy {
namespace {

constexpr std::size_t kFlushSize = std::size_t{16} * 1024;  // one TLS record
constexpr int kMaxInformational = 16;

using Framing = http1::Framing;

/// In any case: an origin may be less strict about it than RFC 9110, section 9.1.
bool is_refused_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 3> kRefused = {"TRACE", "TRACK", "CONNECT"};
  return std::ranges::any_of(kRefused, [method](auto refused) { return http1::equals_ignoring_case(refused, method); });
}

/// RFC 9110, section 9.2.2.
bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 5> kIdempotent = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

/// HTTP/1.0 has no 100: the client would wait for nothing.
void drop_expectation(http1::RequestHead& head) noexcept {
  for (http1::Field& field : head.fields) {
    if (field.id == http1::FieldName::expect) field.dropped = true;
  }
}

/// How long the origin keeps an idle connection, as it says in `Keep-Alive: timeout=N`, less a second for the way;
/// `most` when it says nothing.
std::chrono::milliseconds idle_time(std::string_view keep_alive, std::chrono::milliseconds most) noexcept {
  constexpr std::string_view kTimeout = "timeout=";
  const auto at = keep_alive.find(kTimeout);
  if (at == std::string_view::npos) return most;
  long seconds = 0;
  const char* begin = keep_alive.data() + at + kTimeout.size();
  const auto parsed = std::from_chars(begin, keep_alive.data() + keep_alive.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 0 || seconds > 3600) return most;
  return std::min(most, std::chrono::milliseconds(std::chrono::seconds(seconds - 1)));
}

}  // namespace

net::Infallible<Ending> Exchange::run() {
  auto ending = Ending::abort;
  try {
    ending = co_await proceed();
  } catch (const std::exception&) {
    // Out of memory. The upload runs on this frame: it has to end first, whatever happened.
    ending = Ending::abort;
  }
  co_await upload_.stop();
  record_.bytes_up += upload_.bytes();
  client_.member.watch_origin(nullptr);
  // Without TLS only a reset tells a cut answer from one that ends with the connection.
  const bool cut = ending == Ending::abort && record_.status != 0 && record_.status != 101;
  if (cut && client_.stream.get() == client_.tcp) client_.tcp->reset_on_close();
  co_return ending;
}

net::Infallible<Ending> Exchange::proceed() {
  // What is never forwarded.
  if (is_refused_method(request().method)) {
    Error refused{Errc::method_refused, {}};  // named: g++ 12 destroys a braced temporary of a co_await twice
    co_return co_await refuse_request(std::move(refused));
  }

  // The head for the origin, with the route's credential in place of the client's.
  if (auto composed = co_await compose_head(); !composed) co_return co_await refuse_request(composed.error());

  // The part of the body that is here already goes with it.
  if (auto gathered = upload_.gather(head_); !gathered) co_return co_await refuse_request(gathered.error());

  // To the origin, and its answer's head.
  if (auto obtained = co_await obtain_response(); !obtained) co_return co_await refuse_request(obtained.error());

  // The answer, or what it switches to.
  if (response().status == 101) co_return co_await switch_to_websocket(client_, origin_.stream, record_);
  co_return co_await forward_response();
}

net::Task<> Exchange::compose_head() {
  http1::RequestHead& head = client_.reader.parser().request();
  http1::drop_hop_by_hop(head);
  if (head.version == http1::Version::http_1_0) drop_expectation(head);
  if (destination_.route == nullptr) {
    http1::serialize(head, target_, destination_.host_field, {}, head_);
    co_return Result<>{};
  }
  if (!destination_.route->approved) co_return fail(Errc::binding_unapproved);
  secret_ = secret_entry().current();
  if (!secret_) {
    if (auto fetched = co_await fetch_secret_anew(); !fetched) co_return fetched;
  }
  const auto edits = inject::plan_injection(head, *destination_.route, *secret_);
  http1::serialize(head, target_, destination_.host_field, edits.view(), head_);
  co_return Result<>{};
}

net::Task<> Exchange::fetch_secret_anew() {
  Error why;
  auto fetched = co_await fetch_secret(client_.worker.watchdog, secret_entry(), why);
  if (fetched) {
    secret_ = std::move(*fetched);
    co_return Result<>{};
  }
  if (fetched.error().code != Errc::cancelled) {
    client_.worker.runtime.notice(LogLevel::warn, fmt::format("route {}: no secret: {}: {}", destination_.route->name,
                                                              name(why.code), why.message()));
  }
  co_return std::unexpected(std::move(fetched).error());
}

/// The origin has judged the credential: a refused one may have been rotated.
void Exchange::settle_secret(int status) {
  if (secret_ && (status == 401 || status == 403)) secret_entry().rejected(secret_);
  secret_.reset();
}

net::Task<> Exchange::obtain_response() {
  auto obtained = co_await try_origin(Freshness::any);
  // An idle connection may be closed by the origin just when it is used again: once more on a new one, if that is safe.
  const bool lost = !obtained && obtained.error().code == Errc::connection_lost;
  if (lost && origin_.reused) obtained = co_await try_origin(Freshness::fresh);
  if (!obtained && obtained.error().code == Errc::connection_lost) {
    co_return fail(Errc::upstream_protocol, "the origin closed the connection without an answer");
  }
  co_return obtained;
}

bool Exchange::nothing_happened(const Error& error, std::uint64_t sent_before) const noexcept {
  if (answer_began_ || (error.code != Errc::connection_lost && error.code != Errc::end_of_stream)) return false;
  const bool unsent = origin_.stream->sent() == sent_before;
  return unsent || (is_idempotent(client_.request().method) && upload_.is_in_head());
}

/// One try. Fails with connection_lost when, and only when, it is as if it had not been made.
net::Task<> Exchange::try_origin(Freshness freshness) {
  auto opened = co_await open_origin(client_.worker, destination_, freshness);
  if (!opened) co_return std::unexpected(std::move(opened).error());
  client_.member.watch_origin(opened->stream.get());
  origin_ = std::move(*opened);
  client_.origin_reader.reset();
  client_.origin_reader.parser().expect_answer_to(request().method);

  const std::uint64_t sent_before = origin_.stream->sent();
  origin_.stream->expires_after(timeouts().response_gap);
  auto result = co_await origin_.stream->write(head_.bytes());
  if (result) {
    record_.injected = destination_.route != nullptr;
    sent_at_ = net::Clock::now();
    if (!origin_.reused) head_.release();  // not tried again: the credential need not be kept
    upload_.start(*origin_.stream);
    result = co_await read_response_head();
  }
  if (result) co_return result;
  if (upload_.client_fault()) co_return std::unexpected(*upload_.client_fault());
  if (nothing_happened(result.error(), sent_before)) co_return fail(Errc::connection_lost);
  if (result.error().code == Errc::connection_lost || result.error().code == Errc::end_of_stream) {
    co_return fail(Errc::upstream_protocol, "the origin closed the connection before its answer was complete");
  }
  co_return result;
}

net::Task<> Exchange::read_response_head() {
  for (int informational = 0;; ++informational) {
    auto event = co_await client_.origin_reader.next(*origin_.stream);
    if (!event) {
      answer_began_ = answer_began_ || client_.origin_reader.parser().in_head();
      co_return std::unexpected(std::move(event).error());
    }
    if (!std::exchange(answer_began_, true)) {
      record_.origin_time = std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - sent_at_);
      head_.release();
    }
    const int status = response().status;
    if (status == 101 || status >= 200) settle_secret(status);
    if (status == 101) co_return check_switching(request(), response());
    if (status >= 200) co_return Result<>{};
    if (informational == kMaxInformational) co_return fail(Errc::upstream_protocol, "too many informational responses");
    if (auto forwarded = co_await forward_informational(); !forwarded) co_return forwarded;
  }
}

net::Task<> Exchange::forward_informational() {
  if (request().version == http1::Version::http_1_1) {
    http1::drop_hop_by_hop(response());
    http1::serialize(response(), request().version, Persistence::keep_alive, client_.out);
    if (auto written = co_await flush(); !written) co_return written;
  }
  auto end = co_await client_.origin_reader.next(*origin_.stream);
  if (!end) co_return std::unexpected(std::move(end).error());
  client_.origin_reader.parser().expect_answer_to(request().method);
  co_return Result<>{};
}

Persistence Exchange::plan_persistence() noexcept {
  const auto framing = response().framing.kind;
  const bool unframed = framing == Framing::Kind::until_close ||
                        (framing == Framing::Kind::chunked && request().version == http1::Version::http_1_0);
  // A body that is still arriving would be taken for the next request.
  const bool whole = upload_.complete();
  const bool keep = request().keep_alive && whole && !unframed && !client_.member.draining();
  return keep ? Persistence::keep_alive : Persistence::close;
}

net::Infallible<Ending> Exchange::forward_response() {
  record_.status = response().status;
  const auto idle = idle_time(response().value_of(http1::FieldName::keep_alive), timeouts().origin_idle);
  const auto framing = response().framing.kind;
  const bool reusable = response().keep_alive && framing != Framing::Kind::until_close;
  const auto persistence = plan_persistence();
  http1::drop_hop_by_hop(response());
  http1::serialize(response(), request().version, persistence, client_.out);

  const bool chunked_to_client = framing == Framing::Kind::chunked && request().version == http1::Version::http_1_1;
  const auto forwarded = co_await forward_body(chunked_to_client ? Framing::Kind::chunked : Framing::Kind::length);
  if (!forwarded) co_return Ending::abort;
  if (reusable && upload_.complete() && client_.origin_reader.must_read()) {
    client_.member.watch_origin(nullptr);
    if (may_be_pooled(destination_, client_.worker.settings)) {
      client_.worker.pool.put(destination_.pool_key, std::move(origin_.stream), idle);
    }
  }
  co_return persistence == Persistence::keep_alive ? Ending::keep_alive : Ending::close;
}

/// What the client is owed is written before more is waited for: an event of a stream never waits for the next.
net::Task<> Exchange::forward_body(Framing::Kind framing) {
  for (;;) {
    auto event = client_.origin_reader.next_buffered();
    if (event && *event == http1::Event::need_more) {
      if (auto written = co_await flush(); !written) co_return written;
      origin_.stream->expires_after(timeouts().response_gap);
      event = co_await client_.origin_reader.next(*origin_.stream);
    }
    if (!event) co_return std::unexpected(std::move(event).error());
    if (*event == http1::Event::end) break;
    auto part = co_await forward_body_part(client_.origin_reader.parser().body(), framing);
    if (!part) co_return part;
  }
  if (framing == Framing::Kind::chunked) {
    http1::append_last_chunk(client_.origin_reader.parser().trailers(), client_.out);
  }
  co_return co_await flush();
}

net::Task<> Exchange::forward_body_part(base::ConstBytes body, Framing::Kind framing) {
  record_.bytes_down += body.size();
  if (framing == Framing::Kind::chunked) http1::append_chunk_head(body.size(), client_.out);
  if (client_.out.size() + body.size() <= kFlushSize) {
    client_.out += base::as_text(body);
  } else {
    if (auto written = co_await flush(); !written) co_return written;
    if (auto written = co_await client_.stream->write(body); !written) co_return written;
  }
  if (framing == Framing::Kind::chunked) client_.out += "\r\n";
  co_return Result<>{};
}

net::Task<> Exchange::flush() {
  if (client_.out.empty()) co_return Result<>{};
  client_.stream->expires_after(timeouts().response_gap);
  auto written = co_await client_.stream->write(base::as_bytes(client_.out));
  client_.out.clear();
  co_return written;
}

net::Infallible<Ending> Exchange::refuse_request(Error error) {
  co_await upload_.stop();
  client_.out.clear();
  const bool client_left = upload_.client_fault() && upload_.client_fault()->code != Errc::bad_request;
  if (client_left || error.code == Errc::cancelled) co_return Ending::abort;
  const bool keep = request().keep_alive && error.code != Errc::bad_request;
  const Refusal refusal = refuse(std::move(error), destination_.route_name());
  co_return co_await send_refusal(client_, refusal, record_, keep ? Persistence::keep_alive : Persistence::close);
}

}  // namespace cordon::proxy
