// What to change in a head while it is written. An edit refers to a credential; only the serializer reads it.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cordon::http1 {

struct HeaderEdit {
  enum class Kind : std::uint8_t {
    remove,     ///< Leave out every field called `name`.
    add,        ///< Add `name: prefix value`, with one space after a prefix that is not empty.
    add_basic,  ///< Add `name: Basic base64(prefix:value)` (RFC 7617).
  };
  Kind kind = Kind::remove;
  std::string_view name;
  std::string_view prefix;
  std::string_view value;
};

/// A few edits, held inline.
class HeaderEdits {
 public:
  static constexpr std::size_t kCapacity = 4;

  /// Adds an edit; more than kCapacity is a bug of ours.
  void push(const HeaderEdit& edit) noexcept {
    assert(size_ < kCapacity);
    edits_[size_++] = edit;
  }
  std::span<const HeaderEdit> view() const noexcept { return {edits_.data(), size_}; }

 private:
  std::array<HeaderEdit, kCapacity> edits_{};
  std::size_t size_ = 0;
};

}  // namespace cordon::http1
