#include "proxy/websocket.hpp"

#include "http1/hop_by_hop.hpp"
#include "net/relay.hpp"
#include "tls/digest.hpp"

namespace cordon::proxy {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, section 1.3

net::Task<> pass_early_bytes(Client& client, net::Stream& origin, net::RelayCounts& counts) {
  const auto up = client.reader.take_unread();
  counts.up += up.size();
  if (auto written = co_await origin.write(up); !written) co_return written;
  const auto down = client.origin_reader.take_unread();
  counts.down += down.size();
  client.out += base::as_text(down);
  co_return co_await client.stream->write(base::as_bytes(client.out));
}

}  // namespace

Result<> check_switching(const http1::RequestHead& request, const http1::ResponseHead& response) {
  if (!request.wants_websocket) return fail(Errc::upstream_protocol, "the origin switches protocols unasked");
  const std::string key(request.value_of(http1::FieldName::sec_websocket_key));
  if (response.value_of(http1::FieldName::sec_websocket_accept) != tls::sha1_base64(key + std::string(kGuid))) {
    return fail(Errc::upstream_protocol, "the origin's WebSocket handshake does not fit the request's");
  }
  return {};
}

net::Infallible<Ending> switch_to_websocket(Client& client, std::unique_ptr<net::Stream>& origin,
                                            RequestEvent& record) {
  record.status = 101;
  http1::ResponseHead& response = client.origin_reader.parser().response();
  http1::drop_hop_by_hop(response);
  client.out.clear();
  http1::serialize(response, client.request().version, Persistence::keep_alive, client.out);

  net::RelayCounts counts;
  client.stream->never_expires();
  origin->never_expires();
  client.stream->probe_when_silent();
  origin->probe_when_silent();
  client.member.enter(net::TaskGroup::Phase::idle);
  auto passed = co_await pass_early_bytes(client, *origin, counts);
  if (passed) passed = co_await net::relay(*client.stream, *origin, counts);
  record.bytes_up = counts.up;
  record.bytes_down = counts.down;
  co_return passed ? Ending::close : Ending::abort;
}

}  // namespace cordon::proxy
