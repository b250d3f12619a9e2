#include "postgres/saslprep.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include <stringprep.h>
#include <uninorm.h>

#include "base/locked_memory.hpp"
#include "base/unprintable.hpp"

namespace cordon::postgres {

namespace {

constexpr std::size_t kGreatestGrowth = 18;  // of a character by NFKC: U+FDFA

base::WipedBuffer as_it_is(std::string_view password) {
  base::WipedBuffer copy;
  copy.append(password);
  return copy;
}

/// SASLprep as libidn has it: rows that map, one for NFKC, rows that check.
const Stringprep_profile* find_nfkc_row() noexcept {
  const Stringprep_profile* row = stringprep_saslprep;
  while (row->operation != STRINGPREP_NFKC)
    ++row;
  return row;
}

/// Characters in secret memory.
class Characters {
 public:
  explicit Characters(std::size_t capacity) : capacity_(capacity) { memory_.prepare(capacity * sizeof(std::uint32_t)); }

  std::size_t size() const noexcept { return size_; }

  /// Takes the characters of `text`, of which there are no more than the capacity. @returns false when it is not UTF-8
  bool decode(std::string_view text) noexcept {
    for (size_ = 0; !text.empty(); ++size_) {
      const base::Character next = base::first_character(text);
      if (!next.valid) return false;
      data()[size_] = next.value;
      text.remove_prefix(next.bytes.size());
    }
    return true;
  }

  /// Replaces other spaces by SPACE, and drops what is commonly mapped to nothing.
  bool map() noexcept {
    std::array<Stringprep_profile, 8> rows{};  // the last one, all zeros, is the end
    const Stringprep_profile* nfkc = find_nfkc_row();
    if (static_cast<std::size_t>(nfkc - stringprep_saslprep) >= rows.size()) return false;
    std::copy(stringprep_saslprep, nfkc, rows.begin());
    return stringprep_4i(data(), &size_, capacity_, STRINGPREP_NO_UNASSIGNED, rows.data()) == STRINGPREP_OK;
  }

  bool is_allowed() noexcept {
    return stringprep_4i(data(), &size_, capacity_, STRINGPREP_NO_UNASSIGNED, find_nfkc_row() + 1) == STRINGPREP_OK;
  }

  /// Takes the NFKC of `source`, for which there is room.
  bool normalize(Characters& source) noexcept {
    std::size_t length = capacity_;
    std::uint32_t* result = u32_normalize(UNINORM_NFKC, source.data(), source.size(), data(), &length);
    if (result == data()) {
      size_ = length;
      return true;
    }
    if (result != nullptr) base::wipe(result, length * sizeof(std::uint32_t));
    std::free(result);
    return false;
  }

  base::WipedBuffer encode() {
    base::WipedBuffer text;
    text.reserve(4 * size_);
    for (std::size_t i = 0; i < size_; ++i)
      append_utf8(data()[i], text);
    return text;
  }

 private:
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

/// Nothing when the text is not UTF-8, prohibited, or empty once mapped. A PostgreSQL server looks for what is prohibited
/// before it normalizes, not after: U+0340 is refused, though its NFKC would not be.
std::optional<base::WipedBuffer> prepare(std::string_view password) {
  Characters mapped(password.size() + STRINGPREP_MAX_MAP_CHARS);
  if (!mapped.decode(password) || !mapped.map() || mapped.size() == 0 || !mapped.is_allowed()) return std::nullopt;
  Characters normalized(kGreatestGrowth * mapped.size());
  if (!normalized.normalize(mapped)) return std::nullopt;
  return normalized.encode();
}

}  // namespace

base::WipedBuffer saslprep(std::string_view password) {
  if (std::ranges::all_of(password, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return as_it_is(password);
  }
  auto prepared = prepare(password);
  return prepared ? *std::move(prepared) : as_it_is(password);
}

}  // namespace cordon::postgres
