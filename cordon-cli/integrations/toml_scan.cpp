#include "integrations/toml_scan.hpp"

#include <algorithm>
#include <array>

#include "integrations/text_fault.hpp"

namespace cordon::cli::toml_text {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kBareKey = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), at_(text.starts_with("\xef\xbb\xbf") ? 3 : 0) {
    out_.tables.push_back({{}, at_, at_});
  }

  Result<Document> run() {
    while (at_ < text_.size())
      if (!line()) return failure();
    return std::move(out_);
  }

 private:
  bool refuse(std::string_view what) {
    if (what_.empty()) what_ = what;
    return false;
  }

  std::unexpected<Error> failure() const { return fail_at(text_, at_, what_); }

  bool see(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!see(what)) return false;
    at_ += what.size();
    return true;
  }
  void skip(std::string_view bytes) { at_ = std::min(text_.find_first_not_of(bytes, at_), text_.size()); }
  void comment() {
    if (see("#")) at_ = std::min(text_.find('\n', at_), text_.size());
  }

  bool line();
  bool end_of_line();
  bool header();
  bool key(Path& path, std::size_t& last_part);
  bool key_part(std::string& out);
  bool entry(const Path& table, bool named, std::optional<std::size_t> owner, int depth);
  bool value(const Path& path, bool named, std::size_t index, int depth);
  bool inline_table(const Path& path, bool named, std::size_t index, int depth);
  bool array(int depth);
  bool string();

  std::string_view text_;
  std::size_t at_;
  std::string_view what_;
  Document out_;
  bool named_ = true;  // false inside arrays of tables
};

bool Scanner::line() {
  skip(" \t");
  if (see("[")) return header();
  if (see("#") || see("\n") || see("\r\n") || at_ == text_.size()) return end_of_line();
  if (!entry(out_.tables.back().path, named_, std::nullopt, 0) || !end_of_line()) return false;
  out_.tables.back().end_of_entries = at_;
  return true;
}

bool Scanner::end_of_line() {
  skip(" \t");
  comment();
  return at_ == text_.size() || take("\n") || take("\r\n") || refuse("the line should end here");
}

bool Scanner::header() {
  Table table{{}, at_, 0};
  take("[");
  named_ = !take("[");
  std::size_t ignored = 0;
  if (!key(table.path, ignored)) return false;
  if (!take(named_ ? "]" : "]]")) return refuse("a `]` should be here");
  if (!named_) table.path.clear();
  if (!end_of_line()) return false;
  table.end_of_entries = at_;
  out_.tables.push_back(std::move(table));
  return true;
}

bool Scanner::key(Path& path, std::size_t& last_part) {
  do {
    skip(" \t");
    last_part = at_;
    if (!key_part(path.emplace_back())) return false;
    skip(" \t");
  } while (take("."));
  return true;
}

bool Scanner::key_part(std::string& out) {
  const std::size_t begin = at_;
  if (see("\"") || see("'")) {
    if (!string()) return false;
    out = string_value(text_.substr(begin, at_ - begin)).value_or("");
    return true;
  }
  skip(kBareKey);
  out = text_.substr(begin, at_ - begin);
  return at_ > begin || refuse("a key should be here");
}

bool Scanner::entry(const Path& table, bool named, std::optional<std::size_t> owner, int depth) {
  Path path = table;
  Entry entry{{}, at_, at_, 0, 0, false, owner};
  if (!key(path, entry.last_part)) return false;
  if (!take("=")) return refuse("a `=` should be here");
  skip(" \t");
  entry.value_begin = at_;
  entry.is_inline_table = see("{");
  if (named) entry.path = path;
  const std::size_t index = out_.entries.size();
  out_.entries.push_back(std::move(entry));
  if (!value(path, named, index, depth)) return false;
  out_.entries[index].value_end = at_;
  return true;
}

bool Scanner::value(const Path& path, bool named, std::size_t index, int depth) {
  if (depth > kMaxDepth) return refuse("nested too deep");
  if (see("{")) return inline_table(path, named, index, depth);
  if (see("[")) return array(depth);
  if (see("\"") || see("'")) return string();
  const std::size_t begin = at_;
  at_ = std::min(text_.find_first_of(",]}#\r\n", at_), text_.size());
  while (at_ > begin && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t'))
    --at_;
  return at_ > begin || refuse("a value should be here");
}

bool Scanner::inline_table(const Path& path, bool named, std::size_t index, int depth) {
  take("{");
  skip(" \t");
  if (take("}")) return true;
  do {
    skip(" \t");
    if (!entry(path, named, index, depth + 1)) return false;
    skip(" \t");
  } while (take(","));
  return take("}") || refuse("a `,` or `}` should be here");
}

bool Scanner::array(int depth) {
  const auto blanks = [this] {
    do {
      skip(" \t\r\n");
      comment();
    } while (at_ < text_.size() && (see("\n") || see("\r") || see(" ") || see("\t")));
  };
  take("[");
  for (blanks(); !take("]"); blanks()) {
    if (!value({}, false, 0, depth + 1)) return false;
    blanks();
    if (!take(",") && !see("]")) return refuse("a `,` or `]` should be here");
  }
  return true;
}

bool Scanner::string() {
  constexpr std::array<std::string_view, 4> kQuotes = {R"(""")", "'''", "\"", "'"};
  const std::string_view quote = *std::ranges::find_if(kQuotes, [this](std::string_view q) { return see(q); });
  take(quote);
  while (!see(quote)) {
    if (at_ >= text_.size() || (quote.size() == 1 && see("\n"))) return refuse("a string that does not end");
    at_ = std::min<std::size_t>(at_ + (quote[0] == '"' && see("\\") ? 2 : 1), text_.size());
  }
  take(quote);
  while (quote.size() == 3 && see(quote.substr(2)))
    ++at_;  // up to two quotes may stand before the closing ones
  return true;
}

}  // namespace

Result<Document> scan(std::string_view text) {
  return Scanner(text).run();
}

std::optional<std::string> string_value(std::string_view value) {
  if (value.size() < 2 || (value[0] != '"' && value[0] != '\'') || value.starts_with(R"(""")") ||
      value.starts_with("'''"))
    return value == "\"\"" || value == "''" ? std::optional<std::string>("") : std::nullopt;
  const std::string_view inner = value.substr(1, value.size() - 2);
  if (value[0] == '\'') return std::string(inner);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    const char c = inner[++i];
    if (c != '"' && c != '\\') return std::nullopt;  // nothing that we write has others
    out += c;
  }
  return out;
}

}  // namespace cordon::cli::toml_text
