#include "net/listener.hpp"

#include <sys/socket.h>

namespace cordon::net {
namespace {

constexpr std::chrono::milliseconds kPause{100};

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Error binding_error(const asio::error_code& error, std::uint16_t port) {
  const auto where = "127.0.0.1:" + std::to_string(port);
  if (error == asio::error::address_in_use) return {Errc::port_in_use, where + " is in use"};
  return {Errc::internal, "cannot listen on " + where + ": " + error.message()};
}

}  // namespace

Result<Listener> Listener::bind(Executor executor, std::uint16_t port, Sharing sharing) {
  Acceptor acceptor(executor);
  asio::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error && sharing == Sharing::join) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  // After binding: with the option set before, another process of ours could share the port unnoticed.
  if (!error && sharing == Sharing::first) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.listen(SOMAXCONN, error);
  if (error) return std::unexpected(binding_error(error, port));
  const std::uint16_t bound = acceptor.local_endpoint(error).port();
  return Listener(std::move(acceptor), bound);
}

Task<Socket> Listener::accept() {
  for (;;) {
    asio::error_code error;
    Socket socket = co_await acceptor_.async_accept(error_into(error));
    if (!error) co_return socket;
    if (!acceptor_.is_open() || error == asio::error::operation_aborted) co_return fail(Errc::cancelled);
    // Out of descriptors the connection stays in the queue: trying again at once would only burn the processor.
    Timer pause(acceptor_.get_executor(), kPause);
    co_await pause.async_wait(error_into(error));
  }
}

void Listener::close() noexcept {
  asio::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace cordon::net
