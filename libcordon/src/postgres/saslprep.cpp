#include "postgres/saslprep.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include <stringprep.h>

#include "base/unprintable.hpp"

namespace cordon::postgres {

namespace {

base::WipedBuffer as_it_is(std::string_view password) {
  base::WipedBuffer copy;
  copy.append(password);
  return copy;
}

/// Characters in secret memory, in the form that libidn works on in place.
class Characters {
 public:
  /// The text's; nothing when it is not UTF-8. Room for `capacity` of them.
  static std::optional<Characters> decode(std::string_view text, std::size_t capacity) {
    Characters characters(capacity);
    while (!text.empty()) {
      const base::Character next = base::first_character(text);
      if (!next.valid) return std::nullopt;
      characters.data()[characters.size_++] = next.value;
      text.remove_prefix(next.bytes.size());
    }
    return characters;
  }

  /// @returns what stringprep_4i says: STRINGPREP_TOO_SMALL_BUFFER asks for another try with more room
  int apply_saslprep() noexcept {
    return stringprep_4i(data(), &size_, capacity_, STRINGPREP_NO_UNASSIGNED, stringprep_saslprep);
  }

  base::WipedBuffer encode() {
    base::WipedBuffer text;
    text.reserve(4 * size_);
    for (std::size_t i = 0; i < size_; ++i)
      append_utf8(data()[i], text);
    return text;
  }

 private:
  explicit Characters(std::size_t capacity) : capacity_(capacity) {
    std::ranges::fill(memory_.prepare(capacity * sizeof(std::uint32_t)), std::byte{0});
  }

  std::uint32_t* data() noexcept { return reinterpret_cast<std::uint32_t*>(memory_.prepare(0).data()); }

  static void append_utf8(std::uint32_t c, base::WipedBuffer& out) {
    constexpr std::uint32_t kLeads[] = {0, 0xC0, 0xE0, 0xF0};
    const int following = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    out.append(static_cast<char>(kLeads[following] | c >> (6 * following)));
    for (int i = following - 1; i >= 0; --i)
      out.append(static_cast<char>(0x80 | (c >> (6 * i) & 0x3F)));
  }

  base::WipedBuffer memory_;
  std::size_t size_ = 0;
  std::size_t capacity_;
};

/// Nothing when the text is not UTF-8 or prohibited.
std::optional<base::WipedBuffer> prepare(std::string_view password) {
  constexpr std::size_t kGreatestGrowth = 18;  // of a character by NFKC: U+FDFA
  for (std::size_t room = 2 * password.size(); room <= 2 * kGreatestGrowth * password.size(); room *= 2) {
    auto characters = Characters::decode(password, room);
    if (!characters) return std::nullopt;
    const int result = characters->apply_saslprep();
    if (result == STRINGPREP_OK) return characters->encode();
    if (result != STRINGPREP_TOO_SMALL_BUFFER) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

base::WipedBuffer saslprep(std::string_view password) {
  if (std::ranges::all_of(password, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return as_it_is(password);
  }
  auto prepared = prepare(password);
  return prepared && !prepared->empty() ? *std::move(prepared) : as_it_is(password);
}

}  // namespace cordon::postgres
