// File: secret.hpp
//
// A Secret holds a credential's bytes in memory that is locked and left out of core dumps where the system allows it, and
// that is overwritten when freed. It can be moved, never copied by accident, and there is no way to print it: it has no
// stream operator and no formatter, and a log call that is handed one does not compile.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string_view>

namespace cordon {

/// A credential. Move-only. Not synchronised: one thread at a time.
class Secret {
 public:
  /// An empty secret, which holds no memory.
  Secret() noexcept = default;

  /// A secret with a copy of `bytes`. Wiping the source stays the caller's duty.
  /// @throws std::bad_alloc when no memory is left
  explicit Secret(std::string_view bytes);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// A second secret with the same bytes. A named call, so that copies stand out in a review.
  Secret clone() const { return Secret(reveal()); }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }  ///< In bytes.

  /// The bytes. The view ends with this object. Never log it, never copy it into a std::string.
  std::string_view reveal() const noexcept { return {data_, size_}; }

  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>&, const Secret&) = delete;

 private:
  void release() noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cordon
