// The client's half of the demonstration: one request through a proxy.
#include <fmt/format.h>
#include <asio/co_spawn.hpp>

#include <cordon/demo_origin.hpp>

#include "base/wiped_buffer.hpp"
#include "http1/base64.hpp"
#include "net/tls_stream.hpp"
#include "proxy/message_reader.hpp"
#include "tls/context.hpp"
#include "tls/roots.hpp"

namespace cordon {
namespace {

constexpr std::chrono::seconds kPatience{10};

struct Plan {
  std::uint16_t proxy_port;
  std::string host;
  std::uint16_t port;
  std::string request;
  bssl::UniquePtr<SSL_CTX> context;
  base::WipedBuffer connect;  ///< The CONNECT request, with the token.
};

base::WipedBuffer compose_connect(std::string_view host, std::uint16_t port, std::string_view proxy_user) {
  base::WipedBuffer out;
  out.append(fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", host, port));
  if (!proxy_user.empty()) {
    out.append("Proxy-Authorization: Basic ");
    const std::size_t size = http1::base64_size(proxy_user.size());
    http1::write_base64({proxy_user}, reinterpret_cast<char*>(out.prepare(size).data()));
    out.commit(size);
    out.append("\r\n");
  }
  out.append("\r\n");
  return out;
}

/// The body of the answer to `method`; `status` is set on the way.
net::Task<std::string> read_answer(net::Stream& stream, proxy::MessageReader& reader, std::string_view method,
                                   int& status) {
  reader.parser().expect_answer_to(method);
  std::string body;
  for (;;) {
    auto event = co_await reader.next(stream);
    if (!event) co_return std::unexpected(std::move(event).error());
    if (*event == http1::Event::head) status = reader.parser().response().status;
    if (*event == http1::Event::body) body += base::as_text(reader.parser().body());
    if (*event == http1::Event::end) co_return body;
  }
}

net::Task<std::unique_ptr<net::TcpStream>> open_tunnel(net::Watchdog& watchdog, const Plan& plan) {
  net::Socket socket(watchdog.executor());
  asio::error_code error;
  co_await socket.async_connect({asio::ip::address_v4::loopback(), plan.proxy_port}, net::error_into(error));
  if (error) co_return fail(Errc::not_running, error.message());
  auto tcp = std::make_unique<net::TcpStream>(std::move(socket), watchdog);
  tcp->expires_after(kPatience);
  if (auto written = co_await tcp->write(plan.connect.bytes()); !written) {
    co_return std::unexpected(std::move(written).error());
  }
  int status = 0;
  proxy::MessageReader reader(http1::Parser::Kind::response);
  auto refused = co_await read_answer(*tcp, reader, "CONNECT", status);
  if (!refused) co_return std::unexpected(std::move(refused).error());
  if (status != 200) co_return fail(Errc::upstream_connect, fmt::format("the proxy answered {}: {}", status, *refused));
  co_return tcp;
}

net::Task<DemoExchange> exchange(net::Watchdog& watchdog, const Plan& plan) {
  auto tcp = co_await open_tunnel(watchdog, plan);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  auto ssl = tls::make_origin_session(*plan.context, plan.host);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  net::TlsStream stream(std::move(*tcp), std::move(*ssl));
  stream.expires_after(kPatience);
  if (auto done = co_await stream.handshake(); !done) co_return std::unexpected(std::move(done).error());
  if (auto written = co_await stream.write(base::as_bytes(plan.request)); !written) {
    co_return std::unexpected(std::move(written).error());
  }
  DemoExchange done;
  done.sent = plan.request;
  proxy::MessageReader reader(http1::Parser::Kind::response);
  auto body = co_await read_answer(stream, reader, "GET", done.status);
  if (!body) co_return std::unexpected(std::move(body).error());
  done.received = std::move(*body);
  co_return done;
}

std::string host_field(std::string_view host, std::uint16_t port) {
  return port == 443 ? std::string(host) : fmt::format("{}:{}", host, port);
}

}  // namespace

Result<DemoExchange> demo_request(std::uint16_t proxy_port, std::string_view host, std::uint16_t port,
                                  std::string_view ca_pem, std::string_view field_line, std::string_view proxy_user) {
  const std::string pems[] = {std::string(ca_pem)};
  auto roots = tls::make_root_store(pems, tls::CordonCas::kept);
  if (!roots) return std::unexpected(std::move(roots).error());
  auto context = tls::make_origin_context(std::move(*roots));
  if (!context) return std::unexpected(std::move(context).error());

  Plan plan{proxy_port,
            std::string(host),
            port,
            fmt::format("GET /demo HTTP/1.1\r\nHost: {}\r\nUser-Agent: cordon-demo\r\n{}\r\n\r\n",
                        host_field(host, port), field_line),
            std::move(*context),
            compose_connect(host, port, proxy_user)};
  asio::io_context io{1};
  net::Watchdog watchdog(io.get_executor());
  Result<DemoExchange> result = fail(Errc::internal);
  asio::co_spawn(io, exchange(watchdog, plan), [&](const std::exception_ptr&, Result<DemoExchange> done) {
    result = std::move(done);
    watchdog.interrupt_all();
  });
  io.run();
  return result;
}

}  // namespace cordon
