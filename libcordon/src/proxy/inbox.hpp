// What was read of a connection and not used yet, for protocols that are read packet by packet.
#pragma once

#include "base/wiped_buffer.hpp"
#include "net/stream.hpp"

namespace cordon::proxy {

class Inbox {
 public:
  /// Ends with the next read_more() or clear().
  base::ConstBytes unread() const noexcept { return buffer_.bytes().subspan(used_); }

  /// Goes on behind what was used: `rest` is the end of unread() that is left. What was used stays readable until the next
  /// read_more().
  void keep(base::ConstBytes rest) noexcept { used_ = buffer_.size() - rest.size(); }

  /// Reads at least one byte behind those that are unread. Errors: those of streams.
  net::Task<> read_more(net::Stream& stream);

  /// Overwrites everything and gives the memory back.
  void clear() noexcept {
    buffer_.release();
    used_ = 0;
  }

 private:
  static constexpr std::size_t kReadSize = std::size_t{8} * 1024;

  base::WipedBuffer buffer_;
  std::size_t used_ = 0;
};

}  // namespace cordon::proxy
