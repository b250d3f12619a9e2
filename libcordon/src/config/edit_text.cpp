#include "config/edit_text.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "config/document.hpp"
#include "config/edit_render.hpp"

namespace cordon::config {
namespace {

std::string replaced(std::string_view text, Span span, std::string_view with) {
  return fmt::format("{}{}{}", text.substr(0, span.begin), with, text.substr(span.end));
}

std::string inserted(std::string_view text, std::size_t at, std::string_view what) {
  return replaced(text, {at, at}, what);
}

/// A key and what comes after the scope or inline table that it is looked for in.
using Rest = std::span<const std::string>;

bool begins_with(Rest key, Rest start) {
  return start.size() <= key.size() && std::equal(start.begin(), start.end(), key.begin());
}

/// A pair that was found, and the pairs of the inline table that it is in; those are null on a line of its own.
struct Found {
  const Pair* pair = nullptr;
  const Pair* inline_table = nullptr;
};

std::optional<Found> find_in(const Pair& pair, Rest key, const Pair* inline_table) {
  if (!begins_with(key, pair.key)) return std::nullopt;
  const Rest rest = key.subspan(pair.key.size());
  if (rest.empty()) return Found{&pair, inline_table};
  for (const Pair& inner : pair.inner)
    if (const auto found = find_in(inner, rest, &pair)) return found;
  return std::nullopt;
}

struct FoundStatement : Found {
  const Statement* statement = nullptr;
};

std::optional<FoundStatement> find_pair(const std::vector<Scope>& scopes, Rest key) {
  for (const Scope& scope : scopes) {
    if (!begins_with(key, scope.prefix)) continue;
    for (const Statement* statement : scope.pairs)
      if (const auto found = find_in(statement->pair, key.subspan(scope.prefix.size()), nullptr))
        return FoundStatement{*found, statement};
  }
  return std::nullopt;
}

std::size_t common_size(Rest a, Rest b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// Where a new pair goes: below a scope's header or one of its lines, or into an inline table.
struct Slot {
  std::size_t depth = 0;   ///< How much of the key is said by where it stands, or by the siblings before it.
  std::size_t spoken = 0;  ///< How much of the key is not written any more.
  const Scope* scope = nullptr;
  const Statement* after = nullptr;  ///< A line of the scope; null: right below its header.
  const Pair* inline_table = nullptr;
};

void offer(std::optional<Slot>& best, const Slot& slot) {
  if (!best || slot.depth > best->depth) best = slot;
}

/// Offers the inline tables at or below `pair`; `spoken` parts of the key lead to it.
void offer_inline(std::optional<Slot>& best, const Pair& pair, Rest key, std::size_t spoken) {
  if (!begins_with(key.subspan(spoken), pair.key)) return;
  const std::size_t inside = spoken + pair.key.size();
  if (!pair.is_inline_table || inside >= key.size()) return;
  offer(best, {.depth = inside, .spoken = inside, .inline_table = &pair});
  for (const Pair& inner : pair.inner)
    offer_inline(best, inner, key, inside);
}

/// A scope's own place for the key: behind the last of its dotted siblings, or behind all.
Slot slot_in(const Scope& scope, Rest key) {
  const std::size_t spoken = scope.prefix.size();
  Slot slot{.depth = spoken, .spoken = spoken, .scope = &scope};
  if (!scope.pairs.empty()) slot.after = scope.pairs.back();
  const Rest parents = key.subspan(spoken).first(key.size() - spoken - 1);
  for (const Statement* statement : scope.pairs) {
    const std::size_t depth = spoken + common_size(parents, statement->pair.key);
    if (depth == spoken || depth < slot.depth) continue;
    slot.depth = depth;
    slot.after = statement;
  }
  return slot;
}

/// The place whose table is the nearest to the key.
std::optional<Slot> find_slot(const std::vector<Scope>& scopes, Rest key) {
  std::optional<Slot> best;
  for (const Scope& scope : scopes) {
    if (scope.prefix.size() >= key.size() || !begins_with(key, scope.prefix)) continue;
    for (const Statement* statement : scope.pairs)
      offer_inline(best, statement->pair, key, scope.prefix.size());
    offer(best, slot_in(scope, key));
  }
  return best;
}

std::string_view indent_of(std::string_view text, const Statement& statement) {
  return text.substr(statement.lines.begin, statement.pair.all.begin - statement.lines.begin);
}

std::string new_line(const Layout& layout, const Statement* above, std::string_view line) {
  const bool open_end = above != nullptr && !layout.text().substr(0, above->lines.end).ends_with('\n');
  return open_end ? fmt::format("{}{}", layout.line_end(), line) : fmt::format("{}{}", line, layout.line_end());
}

std::string insert_line(const Layout& layout, const Slot& slot, const std::string& pair) {
  const Statement* above = slot.after != nullptr ? slot.after : slot.scope->header;
  if (above == nullptr) {  // a file without keys of its own: before everything, but for a byte order mark
    return inserted(layout.text(), layout.top(), new_line(layout, nullptr, pair));
  }
  const std::string_view indent = slot.after != nullptr ? indent_of(layout.text(), *slot.after) : "";
  const std::string line = new_line(layout, above, fmt::format("{}{}", indent, pair));
  return inserted(layout.text(), above->lines.end, line);
}

std::string insert_inline(std::string_view text, const Pair& table, const std::string& pair) {
  if (table.inner.empty()) return replaced(text, table.value, fmt::format("{{ {} }}", pair));
  return inserted(text, table.inner.back().all.end, fmt::format(", {}", pair));
}

/// A table that the root does not have yet.
std::string append_table(const Layout& layout, const KeyPath& key, const std::string& value) {
  const std::string_view end = layout.line_end();
  const KeyPath table(key.begin(), key.end() - 1);
  std::string out(layout.text());
  if (!out.empty() && !out.ends_with('\n')) out += end;
  return out + fmt::format("{}[{}]{}{} = {}{}", end, render_key(table), end, render_key({key.back()}), value, end);
}

/// An inline table's pair, with the comma that goes with it.
std::string cut_inline(std::string_view text, const Found& found) {
  const auto& siblings = found.inline_table->inner;
  const auto index = static_cast<std::size_t>(found.pair - siblings.data());
  if (index > 0) return replaced(text, {siblings[index - 1].all.end, found.pair->all.end}, "");
  if (siblings.size() > 1) return replaced(text, {found.pair->all.begin, siblings[1].all.begin}, "");
  return replaced(text, found.pair->all, "");
}

}  // namespace

Result<std::string> with_value(std::string_view text, const TableAddress& table, const KeyPath& key,
                               const ConfigValue& value) {
  const Layout layout(text);
  if (auto good = check_editable(layout, table.list); !good) return std::unexpected(std::move(good).error());
  const auto scopes = layout.scopes(table);
  if (const auto found = find_pair(scopes, key)) return replaced(text, found->pair->value, render(value));
  const auto slot = find_slot(scopes, key);
  if (!slot) return fail(Errc::config_invalid, fmt::format("there is no place for `{}`", render_key(key)));
  if (table.list.empty() && slot->depth == 0 && key.size() > 1) return append_table(layout, key, render(value));
  const std::string name = render_key(KeyPath(key.begin() + static_cast<std::ptrdiff_t>(slot->spoken), key.end()));
  const std::string pair = fmt::format("{} = {}", name, render(value));
  return slot->inline_table != nullptr ? insert_inline(text, *slot->inline_table, pair)
                                       : insert_line(layout, *slot, pair);
}

Result<std::string> without_value(std::string_view text, const TableAddress& table, const KeyPath& key) {
  const Layout layout(text);
  if (auto good = check_editable(layout, table.list); !good) return std::unexpected(std::move(good).error());
  const auto found = find_pair(layout.scopes(table), key);
  if (!found) return std::string(text);
  if (found->inline_table != nullptr) return cut_inline(text, *found);
  return replaced(text, found->statement->lines, "");
}

Result<std::string> with_entry(std::string_view text, std::string_view list, const ConfigEntry& entry) {
  const Layout layout(text);
  if (auto good = check_editable(layout, list); !good) return std::unexpected(std::move(good).error());
  const std::size_t count = layout.count(list);
  const std::size_t at = count > 0 ? layout.spans({list, count - 1}).back().end : layout.end_of_content();
  const std::string_view end = layout.line_end();
  std::string block = render(list, entry, end);
  if (at > layout.top() && !text.substr(0, at).ends_with('\n')) {  // the file's end, without a line end: it stays so
    block.resize(block.size() - end.size());
    return inserted(text, at, fmt::format("{}{}{}", end, end, block));
  }
  const Statement* next = layout.statement_at(at);
  const bool crowded = next != nullptr && next->kind != StatementKind::blank;
  return inserted(text, at, fmt::format("{}{}{}", at > layout.top() ? end : "", block, crowded ? end : ""));
}

}  // namespace cordon::config
