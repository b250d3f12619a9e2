#include "http1/head_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "base/locked_memory.hpp"
#include "http1/parser.hpp"

namespace cordon::http1 {

namespace {

constexpr std::uint8_t kMaxEmptyLines = 4;

}  // namespace

HeadBuffer::Status HeadBuffer::take(base::ConstBytes& input) {
  if (section_ == Section::head && !skip_empty_lines(input)) return Status::too_many_newlines;

  const std::string_view fresh = base::as_text(input).substr(0, kMaxHead - text_.size());
  const std::size_t before = text_.size();
  Status status = Status::incomplete;
  std::size_t taken = 0;
  while (status == Status::incomplete && taken < fresh.size()) {
    const void* found = std::memchr(fresh.data() + taken, '\n', fresh.size() - taken);
    if (found == nullptr) {
      taken = fresh.size();
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - fresh.data());
    const bool after_return = at > 0 ? fresh[at - 1] == '\r' : !text_.empty() && text_.back() == '\r';
    taken = at + 1;
    const std::size_t line_end = before + taken;
    if (!after_return) {
      status = Status::bare_line_feed;
    } else if (line_end - line_starts_.back() == 2) {
      status = Status::complete;
    } else {
      line_starts_.push_back(static_cast<std::uint32_t>(line_end));
    }
  }
  make_room(taken);
  text_.append(fresh.substr(0, taken));
  input = input.subspan(taken);
  if (status == Status::incomplete && text_.size() == kMaxHead) return Status::too_large;
  return status;
}

bool HeadBuffer::skip_empty_lines(base::ConstBytes& input) noexcept {
  for (;;) {
    const std::string_view text = base::as_text(input);
    if (text_.empty() && text.starts_with("\r\n")) {
      input = input.subspan(2);
    } else if (text_ == "\r" && text.starts_with('\n')) {
      text_.clear();
      input = input.subspan(1);
    } else {
      return true;
    }
    if (++skipped_ > kMaxEmptyLines) return false;
  }
}

void HeadBuffer::clear() noexcept {
  skipped_ = 0;
  base::wipe(text_.data(), text_.size());
  text_.clear();
  line_starts_.resize(1);
}

/// A string that grows by itself frees its old memory as it is.
void HeadBuffer::make_room(std::size_t count) {
  if (count <= text_.capacity() - text_.size()) return;
  std::string larger;
  larger.reserve(std::max(text_.size() + count, 2 * text_.capacity()));
  larger = text_;
  base::wipe(text_.data(), text_.size());
  text_.swap(larger);
}

void HeadBuffer::replace_in_first_line(std::size_t at, std::size_t count, std::string_view replacement) {
  make_room(replacement.size());
  text_.replace(at, count, replacement);
  const auto growth = static_cast<std::uint32_t>(replacement.size() - count);
  for (std::size_t i = 1; i < line_starts_.size(); ++i)
    line_starts_[i] += growth;
}

}  // namespace cordon::http1
