// A stream in memory: one side of a conversation as a list of pieces, and a record of what was written to it.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <utility>

#include "net/stream.hpp"

namespace cordon::test {

/// What follows the last piece.
enum class Finale : unsigned char {
  end_of_stream,
  silence,  ///< Reads wait, until a deadline or an interruption.
};

class ScriptedStream final : public net::Stream {
 public:
  static constexpr int kNoFailure = std::numeric_limits<int>::max();

  ScriptedStream(net::Watchdog& watchdog, std::deque<std::string> pieces, Finale finale = Finale::end_of_stream)
      : Stream(watchdog),
        pieces_(std::move(pieces)),
        finale_(finale),
        silence_(watchdog.executor(), net::Clock::time_point::max()) {}

  /// Makes the operation number `operation` (from 0: reads, waits, writes and shutdowns count) and all later ones fail.
  void fail_at(int operation, Errc code) {
    fail_at_ = operation;
    code_ = code;
  }
  bool has_failed() const noexcept { return has_failed_; }

  const std::string& written() const noexcept { return written_; }
  bool writing_ended() const noexcept { return writing_ended_; }
  bool exhausted() const noexcept { return pieces_.empty(); }

  /// Tasks are made by coroutines, so each operation counts when it is awaited.
  net::Task<std::size_t> read_some(base::MutableBytes buffer) override {
    if (!begin_operation()) co_return fail(code_);
    if (auto ready = co_await wait_for_piece(); !ready) co_return std::unexpected(std::move(ready).error());
    if (pieces_.empty()) co_return fail(Errc::end_of_stream);
    std::string& piece = pieces_.front();
    const std::size_t count = std::min(piece.size(), buffer.size());
    std::memcpy(buffer.data(), piece.data(), count);
    piece.erase(0, count);
    if (piece.empty()) pieces_.pop_front();
    co_return count;
  }

  net::Task<> wait_readable() override {
    if (!begin_operation()) co_return fail(code_);
    co_return co_await wait_for_piece();
  }

  net::Task<> write(base::ConstBytes bytes) override {
    if (!begin_operation()) co_return fail(code_);
    if (gave_up()) co_return fail(reason());
    written_ += base::as_text(bytes);
    co_return Result<>{};
  }

  net::Task<> shut_down_writing() override {
    if (!begin_operation()) co_return fail(code_);
    writing_ended_ = true;
    co_return Result<>{};
  }

  bool is_quiet() noexcept override { return !gave_up() && pieces_.empty() && finale_ == Finale::silence; }
  std::uint64_t sent() const noexcept override { return written_.size(); }
  void probe_when_silent() noexcept override {}

 private:
  bool begin_operation() noexcept {
    if (operations_++ < fail_at_) return true;
    has_failed_ = true;
    return false;
  }

  net::Task<> wait_for_piece() {
    while (!gave_up()) {
      if (!pieces_.empty() || finale_ == Finale::end_of_stream) co_return Result<>{};
      asio::error_code cancelled;
      co_await silence_.async_wait(net::error_into(cancelled));
    }
    co_return fail(reason());
  }

  void cancel_pending() noexcept override { silence_.cancel(); }

  std::deque<std::string> pieces_;
  Finale finale_;
  net::Timer silence_;  // never expires: cancelling it is the signal
  std::string written_;
  bool writing_ended_ = false;
  int operations_ = 0;
  int fail_at_ = kNoFailure;
  Errc code_ = Errc::connection_lost;
  bool has_failed_ = false;
};

/// `text` as one piece a byte.
inline std::deque<std::string> byte_by_byte(std::string_view text) {
  std::deque<std::string> pieces;
  for (const char c : text)
    pieces.emplace_back(1, c);
  return pieces;
}

}  // namespace cordon::test
