#include "terminal.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "text.hpp"

namespace cordon::cli {
namespace {

constexpr std::array<std::string_view, 6> kCodes = {"0", "1", "31", "32", "33", "36"};

std::string coloured(Style style, std::string_view text) {
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(style)], text);
}

/// Writes all of `text`, also to a descriptor that someone has made non-blocking.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd entry{descriptor, POLLOUT, 0};
      ::poll(&entry, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool colour_is_wanted(const Environment& environment) {
  const auto no_color = environment.find("NO_COLOR");
  if (no_color != environment.end() && !no_color->second.empty()) return false;
  const auto term = environment.find("TERM");
  return term == environment.end() || term->second != "dumb";
}

void add_line(std::string& lines, std::string_view text) {
  if (!lines.empty()) lines += '\n';
  lines += on_one_line(text);
}

}  // namespace

Terminal::Terminal(const Environment& environment)
    : output_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      output_has_colour_(output_is_terminal_ && colour_is_wanted(environment)),
      error_has_colour_(::isatty(STDERR_FILENO) == 1 && colour_is_wanted(environment)) {
}

void Terminal::print(std::string_view text) {
  has_printed_ = true;
  if (!output_failed_) output_failed_ = !write_all(STDOUT_FILENO, text);
}

std::string Terminal::paint(Style style, std::string_view text) const {
  std::string clean = without_controls(text);
  return output_has_colour_ && style != Style::plain ? coloured(style, clean) : clean;
}

std::size_t Terminal::width() const {
  winsize size{};
  if (!output_is_terminal_ || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return size.ws_col;
}

void Terminal::warning(std::string_view text) const {
  line("cordon: ", Style::yellow, "warning: ", text);
}
void Terminal::error(std::string_view text) const {
  add_line(said_.error, text);
  line("cordon: ", Style::red, "error: ", text);
}
void Terminal::hint(std::string_view text) const {
  if (!said_.error.empty()) add_line(said_.hint, text);
  line("", Style::cyan, "hint: ", text);
}

bool Terminal::can_ask() const noexcept {
  return !asks_nobody_ && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

void Terminal::show_progress(std::string_view text) const {
  if (!output_is_terminal_ || ::isatty(STDERR_FILENO) != 1) return;
  write_all(STDERR_FILENO, fmt::format("\r\x1b[K{}", without_controls(text)));
}

void Terminal::print_to_error(std::string_view text) const {
  write_all(STDERR_FILENO, text);
}

void Terminal::line(std::string_view prefix, Style style, std::string_view label, std::string_view text) const {
  const std::string shown = error_has_colour_ ? coloured(style, label) : std::string(label);
  write_all(STDERR_FILENO, fmt::format("{}{}{}\n", prefix, shown, on_one_line(text)));
}

}  // namespace cordon::cli
