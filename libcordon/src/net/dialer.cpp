#include "net/dialer.hpp"

#include <algorithm>

namespace cordon::net {
namespace {

/// A connection attempt: a socket that a deadline can cancel.
class Attempt final : public Watched {
 public:
  Attempt(Watchdog& watchdog, Socket& socket) : Watched(watchdog), socket_(socket) {}
  Errc why(Errc otherwise) const noexcept { return gave_up() ? reason() : otherwise; }

 private:
  void cancel_pending() noexcept override {
    asio::error_code ignored;
    socket_.close(ignored);
  }
  Socket& socket_;
};

}  // namespace

bool Dialer::permitted(const asio::ip::address& address, std::uint16_t port, Reach reach) const {
  if (!allows(reach, address)) return false;
  const bool own_port = std::ranges::find(own_ports_, port) != own_ports_.end();
  return !own_port || !is_own_address(address);
}

Task<std::unique_ptr<TcpStream>> Dialer::connect(const asio::ip::address& address, std::uint16_t port,
                                                 Clock::time_point deadline) {
  Socket socket(watchdog_.executor());
  Attempt attempt(watchdog_, socket);
  attempt.set_deadline(deadline);
  asio::error_code error;
  co_await socket.async_connect({address, port}, error_into(error));
  if (!error) co_return std::make_unique<TcpStream>(std::move(socket), watchdog_);
  co_return fail(attempt.why(Errc::upstream_connect), error.message());
}

Task<std::unique_ptr<TcpStream>> Dialer::dial(std::string host, std::uint16_t port, Reach reach) {
  BlockingPool& pool = reach == Reach::public_only ? pools_.others : pools_.routes;
  auto addresses = co_await resolver_.resolve(pool, std::move(host), Clock::now() + times_.dns);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  std::erase_if(*addresses, [&](const auto& address) { return !permitted(address, port, reach); });
  if (addresses->empty()) co_return fail(Errc::destination_denied);

  // One address after the other; each but the last may use its share of the time only, so that one that swallows
  // packets does not keep the next from being tried.
  const auto deadline = Clock::now() + times_.connect;
  Error last{Errc::upstream_connect, {}};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto share = (deadline - Clock::now()) / static_cast<long>(addresses->size() - i);
    auto stream = co_await connect((*addresses)[i], port, Clock::now() + share);
    if (stream || stream.error().code == Errc::cancelled) co_return stream;
    last = std::move(stream).error();
  }
  if (last.code == Errc::timed_out) last = {Errc::upstream_timeout, "connecting took too long"};
  co_return std::unexpected(std::move(last));
}

}  // namespace cordon::net
