#include "config/edit_layout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/document.hpp"

namespace cordon::config {
namespace {

constexpr auto kNone = static_cast<std::size_t>(-1);

bool is_header(const Statement& statement) noexcept {
  return statement.kind == StatementKind::table || statement.kind == StatementKind::array_item;
}

bool is_content(const Statement& statement) noexcept {
  return is_header(statement) || statement.kind == StatementKind::pair;
}

bool begins_entry(const Statement& statement, std::string_view list) noexcept {
  return statement.kind == StatementKind::array_item && statement.path.size() == 1 && statement.path[0] == list;
}

/// Of the root's scopes: those below an array's items belong to the items.
bool is_below(const KeyPath& path, const std::vector<KeyPath>& arrays) {
  return std::ranges::any_of(arrays, [&](const KeyPath& array) {
    return path.size() >= array.size() && std::equal(array.begin(), array.end(), path.begin());
  });
}

}  // namespace

std::size_t Layout::count(std::string_view list) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(statements_, [list](const Statement& it) { return begins_entry(it, list); }));
}

const Statement* Layout::as_one_value(std::string_view list) const noexcept {
  for (const Statement& statement : statements_) {
    if (is_header(statement)) break;
    if (statement.kind == StatementKind::pair && statement.pair.key[0] == list) return &statement;
  }
  return nullptr;
}

std::vector<std::size_t> Layout::owners(std::string_view list) const {
  std::vector<std::size_t> out;
  std::size_t entry = kNone;
  std::size_t owner = kNone;
  for (const Statement& statement : statements_) {
    if (begins_entry(statement, list)) owner = ++entry;  // kNone + 1 is 0
    if (is_header(statement)) owner = statement.path[0] == list ? entry : kNone;
    out.push_back(owner);
  }
  return out;
}

std::vector<Scope> Layout::scopes(const TableAddress& table) const {
  const bool root = table.list.empty();
  const auto owner = root ? std::vector<std::size_t>(statements_.size(), 0) : owners(table.list);
  std::vector<Scope> out;
  std::vector<KeyPath> arrays;
  if (root) out.emplace_back();
  bool inside = root;
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const Statement& it = statements_[i];
    if (is_header(it)) {
      const bool own = !root && begins_entry(it, table.list);
      if (it.kind == StatementKind::array_item && !own) arrays.push_back(it.path);
      inside = owner[i] == (root ? 0 : table.index) && !is_below(it.path, arrays);
      if (inside) out.push_back({KeyPath(it.path.begin() + (root ? 0 : 1), it.path.end()), &it, {}});
    } else if (inside && it.kind == StatementKind::pair) {
      out.back().pairs.push_back(&it);
    }
  }
  return out;
}

Span Layout::span_of(std::size_t first, std::size_t last) const noexcept {
  std::size_t end = last;
  while (end > first && !is_content(statements_[end - 1]))
    --end;
  // Comments right below belong to the entry as well, unless they are right above what comes next.
  std::size_t after = end;
  while (after < statements_.size() && statements_[after].kind == StatementKind::comment)
    ++after;
  if (after == statements_.size() || statements_[after].kind == StatementKind::blank) end = after;
  return {statements_[first].lines.begin, statements_[end - 1].lines.end};
}

std::vector<Span> Layout::spans(const TableAddress& entry) const {
  const auto owner = owners(entry.list);
  std::vector<Span> out;
  for (std::size_t i = 0; i < owner.size();) {
    std::size_t last = i;
    while (last < owner.size() && owner[last] == owner[i])
      ++last;
    if (owner[i] == entry.index) out.push_back(span_of(i, last));
    i = last;
  }
  return out;
}

std::size_t Layout::top() const noexcept {
  return text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
}

std::size_t Layout::end_of_content() const noexcept {
  std::size_t end = top();
  for (const Statement& statement : statements_)
    if (statement.kind != StatementKind::blank) end = statement.lines.end;
  return end;
}

const Statement* Layout::statement_before(std::size_t offset) const noexcept {
  const auto found = std::ranges::find(statements_, offset, [](const Statement& it) { return it.lines.end; });
  return found == statements_.end() ? nullptr : &*found;
}

const Statement* Layout::statement_at(std::size_t offset) const noexcept {
  const auto found = std::ranges::find(statements_, offset, [](const Statement& it) { return it.lines.begin; });
  return found == statements_.end() ? nullptr : &*found;
}

std::string_view Layout::line_end() const noexcept {
  const std::size_t first = text_.find('\n');
  return first != std::string_view::npos && first > 0 && text_[first - 1] == '\r' ? "\r\n" : "\n";
}

Result<> check_editable(const Layout& layout, std::string_view list) {
  const Statement* statement = list.empty() ? nullptr : layout.as_one_value(list);
  if (statement == nullptr) return {};
  const Place place = place_of(layout.text(), statement->lines.begin);
  return fail(Errc::config_invalid,
              fmt::format("line {}: `{} = ...` is one value, which cannot be edited safely; write each entry as a "
                          "[[{}]] table, or edit the file by hand",
                          place.line, list, list));
}

}  // namespace cordon::config
