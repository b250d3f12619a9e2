// Frames are views of the input, one after the other, the same however the bytes arrive; what is written of a message is the
// message; and what an origin's payload says never comes out as a text of ours.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "postgres/authentication.hpp"
#include "postgres/backend_key_data.hpp"
#include "postgres/error_response.hpp"
#include "postgres/frame.hpp"

namespace cordon::fuzz {
namespace {

using namespace postgres;

constexpr std::size_t kBound = 300;

void require_same_again(const Frame& frame, std::string_view bytes) {
  base::WipedBuffer out;
  append_frame(out, frame.type, {base::as_text(frame.payload)});
  require(out.view() == bytes, "what is written of a message is the message");
}

void require_awaited(std::string_view prefix) {
  base::ConstBytes input = base::as_bytes(prefix);
  const auto frame = next_frame(input, kBound);
  require(frame && !*frame && input.size() == prefix.size(), "nothing is taken of an incomplete message");
}

void read_error(base::ConstBytes payload) {
  const auto error = parse_error_response(payload);
  if (!error) return;
  base::WipedBuffer out;
  compose_error_response(refusal_by_origin(error->sqlstate), "shop", out);
  const auto again = parse_error_response(out.bytes().subspan(kFrameHead));
  require(again && again->sqlstate == error->sqlstate && again->severity == "FATAL", "what we write, we read");
}

void read_key(base::ConstBytes payload) {
  const bool in_30 = parse_backend_key_data(payload, {3, 0}).has_value();
  const auto key = parse_backend_key_data(payload, {3, 2});
  require(in_30 == (payload.size() == 8), "3.0 has keys of four bytes");
  require(key.has_value() == (payload.size() >= 8 && payload.size() <= 260), "3.2 has keys of 4 to 256 bytes");
  if (!key) return;
  base::WipedBuffer out;
  compose_backend_key_data(*key, out);
  require(out.view().substr(kFrameHead) == base::as_text(payload), "what is written of a key is the key");
}

void read_password(const Frame& frame) {
  const auto password = parse_password_message(frame);
  if (!password) return;
  base::WipedBuffer out;
  compose_password_message(*password, out);
  require(out.view().substr(kFrameHead) == base::as_text(frame.payload),
          "what is written of a password is the password");
}

void require_frames(std::string_view text) {
  base::ConstBytes input = base::as_bytes(text);
  for (;;) {
    const std::string_view before = base::as_text(input);
    const auto frame = next_frame(input, kBound);
    if (!frame || !*frame) {
      require(input.size() == before.size(), "nothing is taken without a message");
      return;
    }
    const std::string_view bytes = before.substr(0, before.size() - input.size());
    require((*frame)->payload.size() <= kBound, "the bound holds");
    require_same_again(**frame, bytes);
    require_awaited(bytes.substr(0, bytes.size() - 1));
    require_awaited(bytes.substr(0, bytes.size() / 2));
    read_error((*frame)->payload);
    read_key((*frame)->payload);
    read_password(**frame);
  }
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cordon::fuzz::require_frames({reinterpret_cast<const char*>(data), size});
  return 0;
}
