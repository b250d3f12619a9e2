#include "proxy/message_reader.hpp"

#include "base/locked_memory.hpp"

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
  parser_.forget_message();
  if (parser_.capacity() > kIdleCapacity) parser_ = http1::Parser(kind_);
  co_return co_await stream.wait_readable();
}

Result<http1::Event> MessageReader::next_buffered() {
  const base::ConstBytes before = unread_;
  auto event = parser_.next(unread_);
  if (!event || *event != http1::Event::body) wipe_before_unread(before);
  between_messages_ = event && *event == http1::Event::end;
  return event;
}

/// The parser has its own copy of heads and trailers; only a body is looked at where it is.
void MessageReader::wipe_before_unread(base::ConstBytes before) noexcept {
  if (before.size() == unread_.size()) return;
  base::wipe(buffer_.get() + (before.data() - buffer_.get()), before.size() - unread_.size());
}

void MessageReader::reset() {
  if (!between_messages_) parser_ = http1::Parser(kind_);  // else it is as good as new, and has its buffers
  parser_.forget_message();
  between_messages_ = true;
  unread_ = {};
}

void MessageReader::release_buffer() noexcept {
  if (unread_.empty()) buffer_.reset();
}

}  // namespace cordon::proxy
