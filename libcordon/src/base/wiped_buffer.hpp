// A growing buffer in secret memory, for bytes among which a secret is: a request head with its credential, a helper's
// output.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.hpp"

namespace cordon::base {

/// Move-only. What it held is overwritten when it grows, is cleared or ends. Keeps its capacity when cleared.
class WipedBuffer {
 public:
  WipedBuffer() noexcept = default;
  WipedBuffer(WipedBuffer&& other) noexcept;
  WipedBuffer& operator=(WipedBuffer&& other) noexcept;
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer();

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data_, size_}; }
  ConstBytes bytes() const noexcept { return as_bytes(view()); }

  /// `text` must not lie in this buffer.
  void append(std::string_view text);
  void append(char character) { append(std::string_view(&character, 1)); }

  /// Room for `count` more bytes at the end; commit(n) then makes the first n of them part of the buffer. The span ends
  /// with the next call that is not const.
  MutableBytes prepare(std::size_t count);
  void commit(std::size_t count) noexcept;

  void reserve(std::size_t capacity);
  void clear() noexcept;    ///< Overwrites the content; the memory stays.
  void release() noexcept;  ///< Overwrites the content and gives the memory back.

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t touched_ = 0;  // how far prepare() has handed memory out: what clear() has to overwrite
  std::size_t capacity_ = 0;
};

}  // namespace cordon::base
