#include "http1/byte_scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cordon::http1 {

namespace {

using Word = std::uint64_t;

constexpr Word kOnes = 0x0101'0101'0101'0101;  // times a byte: that byte eight times
constexpr Word kTops = 0x80 * kOnes;

Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Fewer than eight bytes in one word, some of them twice, which changes no answer. `text` is not empty.
Word load_short(std::string_view text) noexcept {
  if (text.size() < 4) {
    const auto byte = [text](std::size_t at) { return Word{static_cast<unsigned char>(text[at])}; };
    return byte(0) | byte(text.size() / 2) << 8 | byte(text.size() - 1) << 16;
  }
  std::uint32_t front;
  std::uint32_t back;
  std::memcpy(&front, &text[0], sizeof front);
  std::memcpy(&back, &text[text.size() - sizeof back], sizeof back);
  return Word{front} | Word{back} << 32;
}

/// The top bit of each byte of the result tells whether that byte of `word` is an upper-case letter.
Word upper_case(Word word) noexcept {
  const Word seven_bits = word & ~kTops;
  const Word from_a = seven_bits + (0x80 - 'A') * kOnes;
  const Word beyond_z = seven_bits + (0x7f - 'Z') * kOnes;
  return (from_a ^ beyond_z) & ~word & kTops;
}

Word to_lower(Word word) noexcept {
  return word | (upper_case(word) >> 2);
}

bool same_letters(Word a, Word b) noexcept {
  return a == b || to_lower(a) == to_lower(b);
}

// Both compilers make vector instructions of this on every processor that has them, and plain ones on others.
using Block [[gnu::vector_size(16)]] = unsigned char;
constexpr std::size_t kBlocksAtOnce = 255;  // before one of the counters, bytes themselves, could overflow

bool is_control_byte(unsigned char byte) noexcept {
  return byte < 0x20 || byte == 0x7f;
}

std::size_t sum_of_bytes(Word word) noexcept {
  constexpr Word kEven = 0x00ff'00ff'00ff'00ff;
  const Word pairs = (word & kEven) + ((word >> 8) & kEven);
  return (pairs * 0x0001'0001'0001'0001) >> 48;
}

std::size_t sum_of_bytes(Block block) noexcept {
  Word halves[2];
  std::memcpy(halves, &block, sizeof halves);
  return sum_of_bytes(halves[0]) + sum_of_bytes(halves[1]);
}

/// Counts in whole blocks, at most kBlocksAtOnce, and collects all their bits.
std::size_t count_controls(std::string_view text, Block& bits) noexcept {
  Block count{};
  for (std::size_t at = 0; at < text.size(); at += sizeof(Block)) {
    Block block;
    std::memcpy(&block, &text[at], sizeof block);
    count -= reinterpret_cast<Block>((block < 0x20) | (block == 0x7f));  // true is -1
    bits |= block;
  }
  return sum_of_bytes(count);
}

}  // namespace

ByteCounts count_bytes(std::string_view text) noexcept {
  ByteCounts counts;
  Block bits{};
  while (text.size() >= sizeof(Block)) {
    const std::size_t size = std::min(text.size() / sizeof(Block), kBlocksAtOnce) * sizeof(Block);
    counts.controls += count_controls(text.substr(0, size), bits);
    text.remove_prefix(size);
  }
  unsigned char rest = 0;
  for (const char c : text) {
    counts.controls += is_control_byte(static_cast<unsigned char>(c)) ? 1 : 0;
    rest |= static_cast<unsigned char>(c);
  }
  Word halves[2];
  std::memcpy(halves, &bits, sizeof halves);
  counts.high = ((halves[0] | halves[1]) & kTops) != 0 || rest >= 0x80;
  return counts;
}

bool equal_letters(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size == 0) return true;
  if (size < sizeof(Word)) return same_letters(load_short(a), load_short(b));
  const std::size_t last = size - sizeof(Word);
  for (std::size_t at = 0; at < last; at += sizeof(Word)) {
    if (!same_letters(load(&a[at]), load(&b[at]))) return false;
  }
  return same_letters(load(&a[last]), load(&b[last]));
}

}  // namespace cordon::http1
