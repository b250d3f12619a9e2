// Messages of the protocol's version 3 (the manual's "Message Formats"): a type byte, a length that counts itself, a payload.
// Startup packets have no type byte; startup.hpp reads them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/wiped_buffer.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// One whole message.
struct Frame {
  char type = 0;
  base::ConstBytes payload;  ///< Without type and length; a view into the input.
};

/// The length of type and length, in front of the payload.
inline constexpr std::size_t kFrameHead = 5;
/// The bound of a payload for everything before the first ReadyForQuery.
inline constexpr std::size_t kMaxLoginPayload = std::size_t{64} * 1024;

/// Takes one message from the front of `input`. Nothing, and nothing taken, while it is incomplete; to have room for
/// kFrameHead + max_payload bytes is always enough. No allocation.
/// @returns 08P01 when the length is below 4 or the payload over `max_payload`, known from the first five bytes
Accepted<std::optional<Frame>> next_frame(base::ConstBytes& input, std::size_t max_payload);

/// An Int32 on the wire.
class Int32 {
 public:
  explicit constexpr Int32(std::uint32_t value) noexcept
      : bytes_{static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
               static_cast<char>(value)} {}

  /// The view ends with this object: with the full expression, when it is a temporary.
  constexpr std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 4> bytes_;
};

/// The Int32 at the front of `bytes`, which holds at least four.
std::uint32_t read_int32(base::ConstBytes bytes) noexcept;

/// What ends a String, and a list of Strings.
inline constexpr std::string_view kNul{"\0", 1};

/// Takes a String (bytes up to a NUL, which is taken too) from the front of `bytes`; nothing when there is no NUL.
std::optional<std::string_view> take_string(base::ConstBytes& bytes) noexcept;

/// Appends a message of `type` whose payload is `parts`, joined.
void append_frame(base::WipedBuffer& out, char type, std::initializer_list<std::string_view> parts);

/// Appends a startup packet: a length, and `parts`, joined.
void append_packet(base::WipedBuffer& out, std::span<const std::string_view> parts);

}  // namespace cordon::postgres
