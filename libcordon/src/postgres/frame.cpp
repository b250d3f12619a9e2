#include "postgres/frame.hpp"

namespace cordon::postgres {

namespace {

constexpr std::size_t kInt32 = 4;

}  // namespace

std::uint32_t read_int32(base::ConstBytes bytes) noexcept {
  return std::to_integer<std::uint32_t>(bytes[0]) << 24 | std::to_integer<std::uint32_t>(bytes[1]) << 16 |
         std::to_integer<std::uint32_t>(bytes[2]) << 8 | std::to_integer<std::uint32_t>(bytes[3]);
}

Accepted<std::optional<Frame>> next_frame(base::ConstBytes& input, std::size_t max_payload) {
  if (input.size() < kFrameHead) return std::nullopt;
  const std::size_t length = read_int32(input.subspan(1));
  if (length < kInt32) return refuse(kProtocolViolation, "a message's length is below 4");
  const std::size_t size = length - kInt32;
  if (size > max_payload) return refuse(kProtocolViolation, "a message is over the bound of its length");
  if (input.size() - kFrameHead < size) return std::nullopt;
  const Frame frame{static_cast<char>(input.front()), input.subspan(kFrameHead, size)};
  input = input.subspan(kFrameHead + size);
  return frame;
}

std::optional<std::string_view> take_string(base::ConstBytes& bytes) noexcept {
  const std::string_view text = base::as_text(bytes);
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  bytes = bytes.subspan(end + 1);
  return text.substr(0, end);
}

namespace {

template <class Parts>
void append_length_and(base::WipedBuffer& out, const Parts& parts) {
  std::size_t length = kInt32;
  for (const std::string_view part : parts)
    length += part.size();
  out.append(Int32(static_cast<std::uint32_t>(length)).view());
  for (const std::string_view part : parts)
    out.append(part);
}

}  // namespace

void append_frame(base::WipedBuffer& out, char type, std::initializer_list<std::string_view> parts) {
  out.append(type);
  append_length_and(out, parts);
}

void append_packet(base::WipedBuffer& out, std::span<const std::string_view> parts) {
  append_length_and(out, parts);
}

}  // namespace cordon::postgres
