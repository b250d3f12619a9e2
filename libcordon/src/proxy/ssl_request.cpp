#include "proxy/ssl_request.hpp"

#include <array>

#include "base/wiped_buffer.hpp"
#include "postgres/startup.hpp"

namespace cordon::proxy {
namespace {

Error not_answered(Error error) {
  if (error.code == Errc::cancelled) return error;
  if (error.code == Errc::timed_out) return {Errc::upstream_timeout, "the server did not answer SSLRequest in time"};
  return {Errc::upstream_connect, "the server closed the connection upon SSLRequest"};
}

/// `answer` is what came together, of which one byte was asked for.
Result<> judge(base::ConstBytes answer, UpstreamTls wanted) {
  using postgres::SslAnswer;
  const SslAnswer sign = postgres::parse_ssl_answer(answer.front());
  if (sign == SslAnswer::error) return fail(Errc::upstream_protocol, "the server answered SSLRequest with an error");
  if (sign == SslAnswer::nonsense)
    return fail(Errc::upstream_protocol, "the server answered SSLRequest with neither S nor N: it is no PostgreSQL");
  // Somebody in between put them there, to be taken for what came through TLS (CVE-2021-23222).
  if (answer.size() > 1) return fail(Errc::upstream_protocol, "the server sent more than its answer to SSLRequest");
  if (wanted != UpstreamTls::disable && sign == SslAnswer::plaintext)
    return fail(Errc::upstream_tls, "the server has no TLS (it answered SSLRequest with N); switch it on there");
  return {};
}

}  // namespace

net::Task<> ask_for_tls(net::Stream& stream, UpstreamTls wanted) {
  base::WipedBuffer request;
  postgres::compose_ssl_request(request);
  auto written = co_await stream.write(request.bytes());
  if (!written) co_return std::unexpected(not_answered(std::move(written).error()));
  std::array<std::byte, 2> answer{};
  auto size = co_await stream.read_some(answer);
  if (!size) co_return std::unexpected(not_answered(std::move(size).error()));
  co_return judge(base::ConstBytes(answer).first(*size), wanted);
}

}  // namespace cordon::proxy
