// without_entry of edit_text.hpp.
#include <utility>

#include "config/edit_text.hpp"

namespace cordon::config {
namespace {

bool is_a(const Statement* statement, StatementKind kind) noexcept {
  return statement != nullptr && statement->kind == kind;
}

/// Takes in the comment lines right above, if a blank line sets them off from what comes before: they are about the entry. Others
/// may be about what comes before.
Span with_comment(const Layout& layout, Span span) {
  std::size_t begin = span.begin;
  const Statement* above = layout.statement_before(begin);
  while (is_a(above, StatementKind::comment)) {
    begin = above->lines.begin;
    above = layout.statement_before(begin);
  }
  return is_a(above, StatementKind::blank) ? Span{begin, span.end} : span;
}

/// Takes in the blank line above, where what is left is set off without it; and the line end above, where the text has none at its end.
Span with_separator(const Layout& layout, Span span) {
  const std::string_view text = layout.text();
  const Statement* below = layout.statement_at(span.end);
  const Statement* above = layout.statement_before(span.begin);
  if (!is_a(above, StatementKind::blank) || (below != nullptr && below->kind != StatementKind::blank)) return span;
  const bool open_end = !text.substr(0, span.end).ends_with('\n');
  span.begin = above->lines.begin;
  const std::string_view kept = text.substr(0, span.begin);
  if (open_end && kept.ends_with('\n')) span.begin -= kept.ends_with("\r\n") ? 2 : 1;
  return span;
}

}  // namespace

Result<std::string> without_entry(std::string_view text, const TableAddress& entry) {
  const Layout layout(text);
  if (auto good = check_editable(layout, entry.list); !good) return std::unexpected(std::move(good).error());
  auto spans = layout.spans(entry);
  if (spans.empty())
    return fail(Errc::config_invalid, "its entry is not written as a table of its own, and cannot be edited safely");
  std::string out(text);
  // From the back, so that the places of the others stay what they are.
  for (std::size_t i = spans.size(); i > 0; --i) {
    const Span span = with_separator(layout, with_comment(layout, spans[i - 1]));
    out.erase(span.begin, span.end - span.begin);
  }
  return out;
}

}  // namespace cordon::config
