#include "config/edit_scan.hpp"

#include <algorithm>
#include <utility>

#include "base/toml_nesting.hpp"

namespace cordon::config {
namespace {

constexpr std::string_view kBareKeyEnd = ".=]} \t\r\n\"'#,";

bool is_quote(char c) noexcept {
  return c == '"' || c == '\'';
}

/// A part of a key without its quotes. One with escapes in it stays as it is and so equals no key that is looked for.
std::string unquoted(std::string_view part) {
  if (part.size() < 2 || !is_quote(part.front())) return std::string(part);
  return std::string(part.substr(1, part.size() - 2));
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  std::vector<Statement> statements() {
    std::vector<Statement> out;
    while (at_ < text_.size())
      out.push_back(statement());
    return out;
  }

 private:
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip(std::string_view characters) noexcept {
    at_ = std::min(text_.find_first_not_of(characters, at_), text_.size());
  }
  void skip_to(std::string_view characters) noexcept {
    at_ = std::min(text_.find_first_of(characters, at_), text_.size());
  }

  /// Blanks, line ends and comments, which arrays may have between their items.
  void skip_space() noexcept {
    for (skip(" \t\r\n"); peek() == '#'; skip(" \t\r\n"))
      skip_to("\n");
  }

  void skip_string() noexcept { at_ += base::toml_string_size(text_.substr(at_)); }

  void end_line() noexcept {
    skip_to("\n");
    at_ = std::min(at_ + 1, text_.size());
  }

  Statement statement() {
    Statement out;
    out.lines.begin = at_;
    skip(" \t\r");
    if (peek() == '#') {
      out.kind = StatementKind::comment;
    } else if (peek() == '[') {
      header(out);
    } else if (at_ < text_.size() && peek() != '\n') {
      out.kind = StatementKind::pair;
      out.pair = pair();
    }
    end_line();
    out.lines.end = at_;
    return out;
  }

  void header(Statement& out) {
    const bool item = text_.substr(at_).starts_with("[[");
    out.kind = item ? StatementKind::array_item : StatementKind::table;
    at_ += item ? 2 : 1;
    out.path = key();
  }

  KeyPath key() {
    KeyPath path;
    for (;;) {
      skip(" \t");
      const std::size_t begin = at_;
      if (is_quote(peek()))
        skip_string();
      else
        skip_to(kBareKeyEnd);
      path.push_back(unquoted(text_.substr(begin, at_ - begin)));
      skip(" \t");
      if (peek() != '.') return path;
      ++at_;
    }
  }

  Pair pair() {
    Pair out;
    out.all.begin = at_;
    out.key = key();
    if (peek() == '=') ++at_;
    skip(" \t");
    out.value.begin = at_;
    out.is_inline_table = peek() == '{';
    value(out);
    out.value.end = out.all.end = at_;
    return out;
  }

  /// An inline table's pairs go into `owner`.
  void value(Pair& owner) {
    if (is_quote(peek())) return skip_string();
    if (peek() == '[') return array();
    if (peek() == '{') return inline_table(owner);
    skip_to(",]}#\r\n");
    while (at_ > owner.value.begin && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t'))
      --at_;
  }

  void array() {
    ++at_;
    for (skip_space(); at_ < text_.size() && peek() != ']'; skip_space()) {
      Pair item;
      const std::size_t before = item.value.begin = at_;
      value(item);
      skip_space();
      if (peek() == ',' || at_ == before) ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void inline_table(Pair& owner) {
    ++at_;
    for (skip_space(); at_ < text_.size() && peek() != '}'; skip_space()) {
      const std::size_t before = at_;
      owner.inner.push_back(pair());
      skip_space();
      if (peek() == ',' || at_ == before) ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Statement> scan(std::string_view text) {
  return Scanner(text).statements();
}

}  // namespace cordon::config
