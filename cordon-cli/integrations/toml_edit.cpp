#include "integrations/toml_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/toml_scan.hpp"

namespace cordon::cli {
namespace {

using toml_text::Document;
using toml_text::Entry;
using toml_text::Table;

/// What strings and keys in double quotes take.
Result<std::string> quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return fail(Errc::not_supported, "a path has a control character, which TOML cannot carry");
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

const Entry* find_entry(const Document& document, const TomlPath& path) {
  const auto found = std::ranges::find(document.entries, path, &Entry::path);
  return found == document.entries.end() ? nullptr : &*found;
}

const Table* find_table(const Document& document, const TomlPath& path) {
  const auto found = std::ranges::find(document.tables, path, &Table::path);
  return found == document.tables.end() || path.empty() ? nullptr : &*found;
}

/// The last entry outside of inline tables whose key begins with `table`, by dots.
const Entry* last_dotted(const Document& document, const TomlPath& table) {
  const Entry* found = nullptr;
  for (const Entry& entry : document.entries) {
    const bool inside = entry.path.size() == table.size() + 1 && entry.last_part != entry.key_begin &&
                        std::equal(table.begin(), table.end(), entry.path.begin());
    if (inside && !entry.owner) found = &entry;
  }
  return found;
}

std::string line_end_of(std::string_view text) {
  return text.contains("\r\n") ? "\r\n" : "\n";
}

/// `line` as a line of its own at `at`, the beginning of a line or the text's end.
std::string with_line(std::string_view text, std::size_t at, std::string_view line) {
  const std::string end = line_end_of(text);
  const bool open = at > 0 && text[at - 1] != '\n';
  return std::string(text).insert(at, fmt::format("{}{}{}", open ? end : "", line, end));
}

/// `pair` as the last one of the inline table `entry`.
std::string with_member(std::string_view text, const Entry& entry, std::string_view pair) {
  std::string out(text);
  const std::size_t close = entry.value_end - 1;
  const std::size_t last = text.find_last_not_of(" \t", close - 1);
  if (last == entry.value_begin) return out.replace(last + 1, close - last - 1, fmt::format(" {} ", pair));
  return out.insert(last + 1, fmt::format(", {}", pair));
}

/// One past the line in which `at` is.
std::size_t next_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string with_new_table(std::string_view text, const TomlPath& table, std::string_view pair) {
  const std::string end = line_end_of(text);
  const std::string gap = text.empty() ? "" : text.ends_with('\n') ? end : end + end;
  return fmt::format("{}{}[{}]{}{}{}", text, gap, fmt::join(table, "."), end, pair, end);
}

/// The inline table nearest to the top that `table` would have to be part of.
const Entry* inline_parent(const Document& document, const TomlPath& table) {
  for (std::size_t size = 1; size <= table.size(); ++size) {
    const Entry* const entry =
        find_entry(document, TomlPath(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(size)));
    if (entry != nullptr) return entry;
  }
  return nullptr;
}

Result<std::string> add(std::string_view text, const Document& document, const TomlPath& path, std::string_view value) {
  const TomlPath table(path.begin(), path.end() - 1);
  const std::string pair = fmt::format("{} = {}", path.back(), value);
  if (const Table* const found = find_table(document, table)) return with_line(text, found->end_of_entries, pair);
  if (const Entry* const exact = find_entry(document, table); exact != nullptr && exact->is_inline_table)
    return with_member(text, *exact, pair);
  if (const Entry* const parent = inline_parent(document, table)) {
    if (!parent->is_inline_table || table.size() != parent->path.size() + 1)
      return fail(Errc::config_invalid, fmt::format("`{}` is not a table", fmt::join(parent->path, ".")));
    return with_member(text, *parent, fmt::format("{} = {{ {} }}", table.back(), pair));
  }
  if (const Entry* const dotted = last_dotted(document, table)) {
    const std::string_view prefix = text.substr(dotted->key_begin, dotted->last_part - dotted->key_begin);
    return with_line(text, next_line(text, dotted->value_end), fmt::format("{}{}", prefix, pair));
  }
  return with_new_table(text, table, pair);
}

std::string without_member(std::string_view text, const Document& document, const Entry& entry) {
  const Entry& owner = document.entries[*entry.owner];
  const std::size_t comma = text.find_first_not_of(" \t", entry.value_end);
  std::size_t begin = text.find_last_not_of(" \t", entry.key_begin - 1);  // the comma or the brace before it
  std::size_t end = entry.value_end;
  if (begin == owner.value_begin) {
    ++begin;
    if (text[comma] == ',') end = comma + 1;
    if (text[comma] == '}') end = comma;
  }
  return std::string(text.substr(0, begin)) + std::string(text.substr(end));
}

std::string without_line(std::string_view text, const Entry& entry) {
  const std::size_t begin = text.rfind('\n', entry.key_begin) + 1;  // npos + 1 is 0
  return std::string(text.substr(0, begin)) + std::string(text.substr(next_line(text, entry.value_end)));
}

}  // namespace

Result<std::optional<std::string>> find_toml(std::string_view text, const TomlPath& path) {
  const auto document = toml_text::scan(text);
  if (!document) return std::unexpected(document.error());
  const Entry* const entry = find_entry(*document, path);
  if (entry == nullptr) return std::nullopt;
  const std::string_view value = text.substr(entry->value_begin, entry->value_end - entry->value_begin);
  return toml_text::string_value(value).value_or(std::string(value));
}

Result<std::string> put_toml(std::string_view text, const TomlPath& path, std::string_view value) {
  const auto document = toml_text::scan(text);
  if (!document) return std::unexpected(document.error());
  const auto written = quoted(value);
  if (!written) return written;
  const Entry* const entry = find_entry(*document, path);
  if (entry == nullptr) return add(text, *document, path, *written);
  return std::string(text).replace(entry->value_begin, entry->value_end - entry->value_begin, *written);
}

Result<std::string> erase_toml(std::string_view text, const TomlPath& path) {
  const auto document = toml_text::scan(text);
  if (!document) return std::unexpected(document.error());
  const Entry* const entry = find_entry(*document, path);
  if (entry == nullptr) return std::string(text);
  return entry->owner ? without_member(text, *document, *entry) : without_line(text, *entry);
}

Result<std::string> erase_empty_toml_table(std::string_view text, const TomlPath& path) {
  const auto document = toml_text::scan(text);
  if (!document) return std::unexpected(document.error());
  const Table* const table = find_table(*document, path);
  if (table == nullptr || table->end_of_entries != next_line(text, table->begin)) return std::string(text);
  std::string out(text);
  out.erase(table->begin, table->end_of_entries - table->begin);
  for (const std::string_view gap : {"\r\n\r\n", "\n\n"}) {
    if (std::string_view(out).substr(0, table->begin).ends_with(gap))
      return out.erase(table->begin - gap.size() / 2, gap.size() / 2);
  }
  return out;
}

}  // namespace cordon::cli
