#include "proxy/inbox.hpp"

namespace cordon::proxy {

net::Task<> Inbox::read_more(net::Stream& stream) {
  if (used_ > 0) {
    base::WipedBuffer rest;
    rest.append(base::as_text(unread()));
    buffer_ = std::move(rest);
    used_ = 0;
  }
  if (auto ready = co_await stream.wait_readable(); !ready) co_return ready;  // a silent peer costs no memory
  auto count = co_await stream.read_some(buffer_.prepare(kReadSize));
  if (!count) co_return std::unexpected(std::move(count).error());
  buffer_.commit(*count);
  co_return Result<>{};
}

}  // namespace cordon::proxy
