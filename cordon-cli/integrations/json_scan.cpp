#include "integrations/json_scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "integrations/text_fault.hpp"

namespace cordon::cli::json_text {
namespace {

constexpr int kMaxDepth = 64;

/// How many bytes of white space stand at `at`; JSON5 counts some of Unicode's, and a byte order mark.
std::size_t blank_size(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 4> kWide = {"\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  if (std::string_view(" \t\r\n\v\f").contains(text[at])) return 1;
  for (const std::string_view wide : kWide)
    if (text.substr(at).starts_with(wide)) return wide.size();
  return 0;
}

/// How many bytes the comment at `at` has; an open one reaches to the end, where nothing will be found.
std::size_t comment_size(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(rest.find('\n'), rest.size());
  if (!rest.starts_with("/*")) return 0;
  const std::size_t end = rest.find("*/", 2);
  return end == std::string_view::npos ? rest.size() : end + 2;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0U | (code >> 12U));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0U | (code >> 18U));
    tail(12), tail(6), tail(0);
  }
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         byte >= 0x80;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<Node> run() {
    Node root;
    if (!value(root, 0)) return failure();
    blanks();
    if (at_ != text_.size()) return refuse("something follows the end of the value"), failure();
    return root;
  }

 private:
  bool refuse(std::string_view what) {
    if (what_.empty()) what_ = what;
    return false;
  }

  std::unexpected<Error> failure() const { return fail_at(text_, at_, what_); }

  void blanks() { at_ = skip_blanks(text_, at_, text_.size()); }
  bool see(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!see(c)) return false;
    ++at_;
    return true;
  }

  bool value(Node& out, int depth);
  bool members(Node& out, int depth);
  bool elements(Node& out, int depth);
  bool key(std::string& out);
  bool quoted(std::string& out);
  bool escape(std::string& out);
  bool code_unit(std::size_t digits, std::uint32_t& out);
  bool unicode(std::string& out);
  bool scalar();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view what_;
};

bool Scanner::value(Node& out, int depth) {
  if (depth > kMaxDepth) return refuse("nested too deep");
  blanks();
  if (at_ == text_.size()) return refuse("the text ends where a value should be");
  out.begin = at_;
  bool good = false;
  if (see('{')) {
    out.kind = Node::Kind::object;
    good = members(out, depth);
  } else if (see('[')) {
    out.kind = Node::Kind::array;
    good = elements(out, depth);
  } else if (see('"') || see('\'')) {
    out.kind = Node::Kind::string;
    good = quoted(out.string);
  } else {
    good = scalar();
  }
  out.end = at_;
  return good;
}

bool Scanner::members(Node& out, int depth) {
  ++at_;
  for (blanks(); !take('}'); blanks()) {
    Member member{{}, at_, {}};
    if (!key(member.key)) return false;
    blanks();
    if (!take(':')) return refuse("a `:` should be here");
    if (!value(member.value, depth + 1)) return false;
    out.members.push_back(std::move(member));
    blanks();
    if (!take(',') && !see('}')) return refuse("a `,` or `}` should be here");
  }
  return true;
}

bool Scanner::elements(Node& out, int depth) {
  ++at_;
  for (blanks(); !take(']'); blanks()) {
    Node element;
    if (!value(element, depth + 1)) return false;
    out.elements.push_back(std::move(element));
    blanks();
    if (!take(',') && !see(']')) return refuse("a `,` or `]` should be here");
  }
  return true;
}

bool Scanner::key(std::string& out) {
  if (see('"') || see('\'')) return quoted(out);
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_word_byte(text_[at_]))
    ++at_;
  out = text_.substr(begin, at_ - begin);
  return !out.empty() || refuse(at_ == text_.size() ? "the text ends too early" : "a key should be here");
}

bool Scanner::quoted(std::string& out) {
  const char quote = text_[at_++];
  while (!take(quote)) {
    if (at_ == text_.size() || see('\n')) return refuse("a string that does not end");
    if (take('\\')) {
      if (!escape(out)) return false;
    } else {
      out += text_[at_++];
    }
  }
  return true;
}

bool Scanner::escape(std::string& out) {
  constexpr std::string_view kLetters = "bfnrtv0";
  constexpr std::string_view kMeanings("\b\f\n\r\t\v\0", 7);
  if (at_ == text_.size()) return refuse("a string that does not end");
  const char c = text_[at_++];
  if (c == 'u') return unicode(out);
  std::uint32_t code = 0;
  if (c == 'x') return code_unit(2, code) && (append_utf8(code, out), true);
  if (c == '\n') return true;  // JSON5: the line goes on
  if (c == '\r') return take('\n'), true;
  const std::size_t letter = kLetters.find(c);
  out += letter == std::string_view::npos ? c : kMeanings[letter];
  return true;
}

bool Scanner::code_unit(std::size_t digits, std::uint32_t& out) {
  const std::string_view hex = text_.substr(at_, digits);
  const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), out, 16);
  if (hex.size() != digits || parsed.ptr != hex.data() + digits) return refuse("not an escape sequence");
  at_ += digits;
  return true;
}

bool Scanner::unicode(std::string& out) {
  std::uint32_t code = 0;
  if (!code_unit(4, code)) return false;
  if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_).starts_with("\\u")) {  // the first of a pair
    std::uint32_t low = 0;
    at_ += 2;
    if (!code_unit(4, low)) return false;
    code = 0x10000 + ((code - 0xd800) << 10U) + ((low - 0xdc00) & 0x3ffU);
  }
  append_utf8(code, out);
  return true;
}

bool Scanner::scalar() {
  constexpr std::array<std::string_view, 5> kWords = {"true", "false", "null", "Infinity", "NaN"};
  const std::size_t begin = at_;
  while (at_ < text_.size() && (is_word_byte(text_[at_]) || std::string_view("+-.").contains(text_[at_])))
    ++at_;
  const std::string_view word = text_.substr(begin, at_ - begin);
  const bool number = !word.empty() && std::string_view("+-.0123456789").contains(word[0]);
  if (number || std::ranges::find(kWords, word) != kWords.end()) return true;
  at_ = begin;
  return refuse("a value should be here");
}

}  // namespace

std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end) {
  while (at < end) {
    const std::size_t size = std::max(blank_size(text, at), comment_size(text, at));
    if (size == 0) break;
    at += size;
  }
  return std::min(at, end);
}

Result<Node> scan(std::string_view text) {
  return Scanner(text).run();
}

}  // namespace cordon::cli::json_text
