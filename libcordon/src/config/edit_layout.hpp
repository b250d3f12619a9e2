// Which statements of a text belong to which table.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

#include "config/edit_scan.hpp"

namespace cordon::config {

/// A table of the file: an entry of a list, or the root.
struct TableAddress {
  std::string_view list = {};  ///< Empty: the root.
  std::size_t index = 0;
};

/// A header with the pairs below it, seen from the table that it is part of.
struct Scope {
  KeyPath prefix;                     ///< What the header says beyond the table's own: `{"auth", "secret"}`.
  const Statement* header = nullptr;  ///< Null: the top of the file.
  std::vector<const Statement*> pairs;
};

/// A text, cut up. The text must outlive it.
class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text), statements_(scan(text)) {}

  std::string_view text() const noexcept { return text_; }
  const std::vector<Statement>& statements() const noexcept { return statements_; }

  /// How many `[[list]]` headers there are.
  std::size_t count(std::string_view list) const noexcept;

  /// The pair that writes the whole list as one value; null when there is none.
  const Statement* as_one_value(std::string_view list) const noexcept;

  /// The scopes of a table; the one without a prefix comes first.
  std::vector<Scope> scopes(const TableAddress& table) const;

  /// The bytes of an entry, in the file's order: from a header to the last line that belongs to it, which may be a comment. More than
  /// one span when other tables stand between.
  std::vector<Span> spans(const TableAddress& entry) const;

  /// Where the first line begins: behind a byte order mark.
  std::size_t top() const noexcept;

  /// Where the last line that is not blank ends; top() when there is none.
  std::size_t end_of_content() const noexcept;

  /// The lines around an offset at which a line begins.
  const Statement* statement_before(std::size_t offset) const noexcept;
  const Statement* statement_at(std::size_t offset) const noexcept;

  /// `\n`, or `\r\n` where the text's first line ends so.
  std::string_view line_end() const noexcept;

 private:
  /// For each statement the index of the entry that it is in; kNone: in none.
  std::vector<std::size_t> owners(std::string_view list) const;
  Span span_of(std::size_t first, std::size_t last) const noexcept;

  std::string_view text_;
  std::vector<Statement> statements_;
};

/// Whether the list, if it is there at all, is written as tables. An empty name is the root, which is.
/// @returns config_invalid, with the line
Result<> check_editable(const Layout& layout, std::string_view list);

}  // namespace cordon::config
