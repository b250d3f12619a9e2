// The only place that prints, but for the question of secret_input, which goes to the controlling terminal. Data goes to
// standard output, everything else to standard error; colour and progress only where a terminal is, and never with NO_COLOR
// (no-color.org) or TERM=dumb.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <cordon/printable.hpp>
#include <cordon/secret_store.hpp>

namespace cordon::cli {

enum class Style : unsigned char { plain, bold, red, green, yellow, cyan };

/// Not for use from several threads at once.
class Terminal {
 public:
  explicit Terminal(const Environment& environment);

  /// Writes `text` to standard output as it is. Once that has failed, the rest is dropped and output_failed() is true.
  void print(std::string_view text);
  bool output_failed() const noexcept { return output_failed_; }
  bool has_printed() const noexcept { return has_printed_; }

  /// `text` in `style` for print(), without_controls; only escaped where standard output shows no colour.
  std::string paint(Style style, std::string_view text) const;

  /// The columns of standard output; 100 where it is not a terminal.
  std::size_t width() const;

  /// One line each to standard error, on_one_line: `cordon: warning: <text>`, `cordon: error: <text>`, `hint: <text>`.
  void warning(std::string_view text) const;
  void error(std::string_view text) const;
  void hint(std::string_view text) const;

  /// The errors that were said, and the hints after the first of them, a line each; empty: none was.
  struct Said {
    std::string error;
    std::string hint;
  };
  const Said& said() const noexcept { return said_; }

  /// Whether a person can be asked: standard input and standard error are terminals, and ask_nobody() was not called.
  bool can_ask() const noexcept;

  /// From now on it is as if nobody could be asked: what --json prints is for programs.
  void ask_nobody() noexcept { asks_nobody_ = true; }

  /// Shows what is under way, in a line of standard error that the next call replaces; an empty text only removes it. Nothing
  /// where standard output or standard error is no terminal.
  void show_progress(std::string_view text) const;

  /// `text` as it is to standard error, for usage help.
  void print_to_error(std::string_view text) const;

 private:
  void line(std::string_view prefix, Style style, std::string_view label, std::string_view text) const;

  bool output_is_terminal_;
  bool output_has_colour_;
  bool error_has_colour_;
  bool output_failed_ = false;
  bool has_printed_ = false;
  bool asks_nobody_ = false;
  mutable Said said_;  // a memory of what was said, which changes nothing of what will be
};

}  // namespace cordon::cli
