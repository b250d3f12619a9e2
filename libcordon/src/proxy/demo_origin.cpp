#include <cordon/demo_origin.hpp>

#include <optional>
#include <thread>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include "ca/certificate.hpp"
#include "ca/self_signed.hpp"
#include "net/listener.hpp"
#include "net/tls_stream.hpp"
#include "proxy/message_reader.hpp"
#include "tls/context.hpp"

namespace cordon {
namespace {

constexpr std::chrono::seconds kPatience{10};

std::string text_of(const http1::RequestHead& head) {
  std::string text = fmt::format("{} {} HTTP/1.1\n", head.method, head.target);
  for (const http1::Field& field : head.fields)
    text += fmt::format("{}: {}\n", field.name, field.value);
  return text;
}

bool has_field_line(const http1::RequestHead& head, std::string_view line) {
  for (const http1::Field& field : head.fields) {
    if (fmt::format("{}: {}", field.name, field.value) == line) return true;
  }
  return line.empty();
}

std::string compose_echo(const http1::RequestHead& head, std::string_view required) {
  const std::string body = text_of(head);
  const std::string_view status = has_field_line(head, required) ? "200 OK" : "401 Unauthorized";
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}", status, body.size(),
                     body);
}

}  // namespace

struct DemoOrigin::Impl {
  net::Infallible<> accept_all();
  net::Infallible<> serve(net::Socket socket);
  net::Task<> answer_all(net::TlsStream& stream);

  std::string host;
  std::string required;
  std::string ca_pem;
  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
  bssl::UniquePtr<SSL_CTX> context;
  std::optional<net::Listener> listener;
  std::thread thread;
};

net::Infallible<> DemoOrigin::Impl::accept_all() {
  for (;;) {
    auto socket = co_await listener->accept();
    if (!socket) co_return;
    asio::co_spawn(io, serve(std::move(*socket)), [](const std::exception_ptr&) {});
  }
}

net::Infallible<> DemoOrigin::Impl::serve(net::Socket socket) {
  auto tcp = std::make_unique<net::TcpStream>(std::move(socket), watchdog);
  auto ssl = tls::make_server_session(*context, host);
  if (!ssl) co_return;
  net::TlsStream stream(std::move(tcp), std::move(*ssl));
  co_await answer_all(stream);  // its error is the connection's end
}

net::Task<> DemoOrigin::Impl::answer_all(net::TlsStream& stream) {
  stream.expires_after(kPatience);
  if (auto done = co_await stream.handshake(); !done) co_return done;
  proxy::MessageReader reader(http1::Parser::Kind::request);
  for (;;) {
    auto event = co_await reader.next(stream);
    if (!event) co_return std::unexpected(std::move(event).error());
    if (*event != http1::Event::end) continue;
    stream.expires_after(kPatience);
    const std::string echo = compose_echo(reader.parser().request(), required);
    if (auto written = co_await stream.write(base::as_bytes(echo)); !written) co_return written;
  }
}

DemoOrigin::DemoOrigin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
DemoOrigin::DemoOrigin(DemoOrigin&&) noexcept = default;
DemoOrigin& DemoOrigin::operator=(DemoOrigin&&) noexcept = default;

DemoOrigin::~DemoOrigin() {
  if (!impl_) return;
  asio::post(impl_->io, [impl = impl_.get()] {
    impl->listener->close();
    impl->watchdog.interrupt_all();
  });
  impl_->thread.join();
}

Result<DemoOrigin> DemoOrigin::start(std::string_view host, std::string required_header) {
  auto identity = ca::make_self_signed(host);
  if (!identity) return std::unexpected(std::move(identity).error());
  auto context = tls::make_server_context(*identity);
  if (!context) return std::unexpected(std::move(context).error());

  auto impl = std::make_unique<Impl>();
  impl->host = host;
  impl->required = std::move(required_header);
  impl->ca_pem = ca::to_pem(*identity->certificate());
  impl->context = std::move(*context);
  auto listener = net::Listener::bind(impl->io.get_executor(), 0, net::Sharing::none);
  if (!listener) return std::unexpected(std::move(listener).error());
  impl->listener.emplace(std::move(*listener));
  asio::co_spawn(impl->io, impl->accept_all(), [](const std::exception_ptr&) {});
  impl->thread = std::thread([impl = impl.get()] { impl->io.run(); });
  return DemoOrigin(std::move(impl));
}

std::uint16_t DemoOrigin::port() const noexcept {
  return impl_->listener->port();
}

std::string DemoOrigin::ca_pem() const {
  return impl_->ca_pem;
}

}  // namespace cordon
