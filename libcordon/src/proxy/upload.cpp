#include "proxy/upload.hpp"

#include <asio/co_spawn.hpp>

#include "http1/serializer.hpp"
#include "inject/injector.hpp"

namespace cordon::proxy {
namespace {

constexpr std::size_t kFlushSize = std::size_t{16} * 1024;  // one TLS record

}  // namespace

Upload::Upload(Client& client, const Route* route) : client_(client), ended_(client.worker.watchdog) {
  if (route != nullptr) removals_ = inject::plan_removal(*route);
}

void Upload::frame_end() {
  http1::append_last_chunk(client_.reader.parser().trailers(), removals_.view(), chunks_);
}

void Upload::frame_chunk(base::ConstBytes body) {
  http1::append_chunk_head(body.size(), chunks_);
  chunks_ += base::as_text(body);
  chunks_ += "\r\n";
}

Result<> Upload::gather(base::WipedBuffer& head) {
  const std::size_t bound = head.size() + kFlushSize;
  while (state_ == State::waiting && head.size() < bound) {
    auto event = client_.reader.next_buffered();
    if (!event) return std::unexpected(std::move(event).error());
    if (*event == http1::Event::need_more) break;
    if (*event == http1::Event::end) {
      if (chunked()) frame_end();
      state_ = State::complete;
    } else {
      const auto body = client_.reader.parser().body();
      bytes_ += body.size();
      if (chunked()) {
        frame_chunk(body);
      } else {
        head.append(base::as_text(body));
      }
    }
    head.append(chunks_);
    chunks_.clear();
  }
  return {};
}

void Upload::start(net::Stream& origin) {
  if (state_ != State::waiting) return;
  origin_ = &origin;
  asio::co_spawn(client_.worker.io, copy_rest(), [this](const std::exception_ptr& error, const Result<>& result) {
    const bool whole = !error && result;
    state_ = whole ? State::complete : State::failed;
    if (error) origin_->interrupt();  // out of memory: what was sent is half a body
    ended_.set();
  });
  state_ = State::running;  // it begins to run when this coroutine waits
}

net::Infallible<> Upload::stop() {
  if (state_ != State::running) co_return;
  stopping_ = true;  // what the client's stream reports from here on is our doing
  origin_->interrupt();
  client_.stream->expire_now();
  co_await ended_.join();
}

net::Task<> Upload::copy_rest() {
  for (;;) {
    // What the origin is owed is written before more is waited for.
    auto event = client_.reader.next_buffered();
    if (event && *event == http1::Event::need_more) {
      if (auto written = co_await flush(); !written) co_return written;
      client_.stream->expires_after(client_.worker.runtime.timeouts().response_gap);
      event = co_await client_.reader.next(*client_.stream);
    }
    if (!event) {
      // A client that breaks its own request ends the exchange.
      if (!stopping_) client_fault_ = event.error();
      origin_->interrupt();
      co_return std::unexpected(std::move(event).error());
    }
    // An origin that stops listening may still answer: the exchange reads on.
    if (auto forwarded = co_await forward_event(*event); !forwarded) co_return forwarded;
    if (*event == http1::Event::end) co_return Result<>{};
  }
}

net::Task<> Upload::forward_event(http1::Event event) {
  if (event == http1::Event::end) {
    if (chunked()) frame_end();
    co_return co_await flush();
  }
  const auto body = client_.reader.parser().body();
  bytes_ += body.size();
  origin_->expires_after(client_.worker.runtime.timeouts().response_gap);
  if (!chunked()) co_return co_await origin_->write(body);
  frame_chunk(body);
  if (chunks_.size() >= kFlushSize) co_return co_await flush();
  co_return Result<>{};
}

net::Task<> Upload::flush() {
  if (chunks_.empty()) co_return Result<>{};
  origin_->expires_after(client_.worker.runtime.timeouts().response_gap);
  auto written = co_await origin_->write(base::as_bytes(chunks_));
  chunks_.clear();
  co_return written;
}

}  // namespace cordon::proxy
