#include "proxy/message_reader.hpp"

namespace cordon::proxy {

net::Task<std::size_t> MessageReader::read(net::Stream& stream) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
  auto count = co_await stream.read_some({buffer_.get(), kBufferSize});
  if (count) unread_ = {buffer_.get(), *count};
  co_return count;
}

net::Task<http1::Event> MessageReader::next(net::Stream& stream) {
  for (;;) {
    auto event = next_buffered();
    if (!event || *event != http1::Event::need_more) co_return event;
    auto count = co_await read(stream);
    if (count) continue;
    if (count.error().code != Errc::end_of_stream) co_return std::unexpected(std::move(count).error());
    event = parser_.finish();
    if (event && *event == http1::Event::need_more) co_return fail(Errc::end_of_stream);
    co_return event;
  }
}

net::Task<base::ConstBytes> MessageReader::peek(net::Stream& stream) {
  if (unread_.empty()) {
    if (auto count = co_await read(stream); !count) co_return std::unexpected(std::move(count).error());
  }
  co_return unread_;
}

net::Task<> MessageReader::wait_for_message(net::Stream& stream) {
  if (!unread_.empty()) co_return Result<>{};
  buffer_.reset();
  if (parser_.capacity() > kIdleCapacity) parser_ = http1::Parser(kind_);
  co_return co_await stream.wait_readable();
}

Result<http1::Event> MessageReader::next_buffered() {
  auto event = parser_.next(unread_);
  between_messages_ = event && *event == http1::Event::end;
  return event;
}

void MessageReader::reset() {
  if (!between_messages_) parser_ = http1::Parser(kind_);  // else it is as good as new, and has its buffers
  between_messages_ = true;
  unread_ = {};
}

void MessageReader::release_buffer() noexcept {
  if (unread_.empty()) buffer_.reset();
}

}  // namespace cordon::proxy
