#include "base/log_line.hpp"

#include <array>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "base/unprintable.hpp"

namespace cordon::base {
namespace {

using Buffer = fmt::memory_buffer;

// The longest that a part may become, escapes included. Their sum with the rest of a line stays below PIPE_BUF (4,096).
constexpr std::size_t kMaxWord = 300;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxPath = 2000;
constexpr std::size_t kMaxNotice = 3800;

constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};

enum class Style : std::uint8_t { sentence, word, json };

void append_escaped(Buffer& out, const Character& piece, Style style) {
  const auto to = std::back_inserter(out);
  if (style != Style::json) {
    for (const char c : piece.bytes)
      fmt::format_to(to, "\\x{:02x}", static_cast<unsigned char>(c));
  } else if (piece.value == '"' || piece.value == '\\') {
    fmt::format_to(to, "\\{}", piece.bytes);
  } else {
    fmt::format_to(to, "\\u{:04x}", piece.valid ? static_cast<unsigned>(piece.value) : 0xfffdU);
  }
}

bool needs_escape(const Character& piece, Style style) {
  if (!piece.valid || !is_printable(piece.value)) return true;
  if (style == Style::json) return piece.value == '"' || piece.value == '\\';
  return style == Style::word && piece.value == ' ';
}

void append_safe(Buffer& out, std::string_view text, Style style, std::size_t max) {
  const std::size_t end = out.size() + max;
  while (!text.empty()) {
    if (out.size() >= end) {
      out.append(std::string_view("..."));
      return;
    }
    const Character piece = first_character(text);
    if (needs_escape(piece, style)) {
      append_escaped(out, piece, style);
    } else {
      out.append(piece.bytes);
    }
    text.remove_prefix(piece.bytes.size());
  }
}

// A column of a text line.
void append_word(Buffer& out, std::string_view text, std::size_t max = kMaxWord) {
  append_safe(out, text.empty() ? "-" : text, Style::word, max);
}

// RFC 3339 in UTC with milliseconds.
void append_time(Buffer& out, std::chrono::system_clock::time_point now) {
  using namespace std::chrono;
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(now - day));
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()),
                 unsigned(date.month()), unsigned(date.day()), time.hours().count(), time.minutes().count(),
                 time.seconds().count(), time.subseconds().count());
}

std::string_view level_name(LogLevel level) {
  return kLevels[static_cast<std::size_t>(level) % kLevels.size()];
}

double in_milliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

void begin_text(Buffer& out, LogLevel level, std::chrono::system_clock::time_point now) {
  append_time(out, now);
  fmt::format_to(std::back_inserter(out), " {} ", level_name(level));
}

void begin_json(Buffer& out, LogLevel level, std::chrono::system_clock::time_point now) {
  out.append(std::string_view("{\"time\":\""));
  append_time(out, now);
  fmt::format_to(std::back_inserter(out), "\",\"level\":\"{}\"", level_name(level));
}

// ,"key":"text", or null for an empty text.
void append_member(Buffer& out, std::string_view key, std::string_view text, std::size_t max = kMaxWord) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  if (text.empty()) {
    out.append(std::string_view("null"));
    return;
  }
  out.push_back('"');
  append_safe(out, text, Style::json, max);
  out.push_back('"');
}

void append_authority(Buffer& out, const RequestEvent& event) {
  const bool literal6 = event.host.find(':') != std::string_view::npos;
  if (literal6) out.push_back('[');
  append_word(out, event.host);
  if (literal6) out.push_back(']');
  if (event.port != 0) fmt::format_to(std::back_inserter(out), ":{}", event.port);
}

void append_text(Buffer& out, const RequestEvent& event) {
  append_word(out, event.route);
  out.push_back(' ');
  append_word(out, event.method);
  out.push_back(' ');
  if (!event.host.empty() || event.path.empty()) append_authority(out, event);
  if (!event.path.empty()) append_word(out, event.path, kMaxPath);
  const auto to = std::back_inserter(out);
  event.status == 0 ? fmt::format_to(to, " -") : fmt::format_to(to, " {}", event.status);
  fmt::format_to(to, " up={} down={} time={:.1f}ms origin=", event.bytes_up, event.bytes_down,
                 in_milliseconds(event.duration));
  event.origin_time.count() == 0 ? fmt::format_to(to, "-")
                                 : fmt::format_to(to, "{:.1f}ms", in_milliseconds(event.origin_time));
  out.append(std::string_view(" token="));
  append_word(out, event.token, kMaxName);
  out.append(std::string_view(" peer="));
  append_word(out, event.peer, kMaxName);
  out.push_back(' ');
  append_word(out, event.refusal.empty() && event.injected ? "injected" : event.refusal);
}

void append_json(Buffer& out, const RequestEvent& event) {
  append_member(out, "route", event.route);
  append_member(out, "method", event.method);
  append_member(out, "host", event.host);
  fmt::format_to(std::back_inserter(out), ",\"port\":{}", event.port);
  append_member(out, "path", event.path, kMaxPath);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, ",\"status\":{},\"bytes_up\":{},\"bytes_down\":{},\"duration_ms\":{:.1f}", event.status,
                 event.bytes_up, event.bytes_down, in_milliseconds(event.duration));
  if (event.origin_time.count() != 0) fmt::format_to(to, ",\"origin_ms\":{:.1f}", in_milliseconds(event.origin_time));
  append_member(out, "token", event.token, kMaxName);
  append_member(out, "peer", event.peer, kMaxName);
  fmt::format_to(to, ",\"injected\":{}", event.injected);
  append_member(out, "refusal", event.refusal);
}

}  // namespace

LogLevel level_of(const RequestEvent& event) noexcept {
  return event.refusal.empty() ? LogLevel::info : LogLevel::warn;
}

std::string compose_line(const RequestEvent& event, LogFormat format, std::chrono::system_clock::time_point now) {
  Buffer line;
  if (format == LogFormat::json) {
    begin_json(line, level_of(event), now);
    append_json(line, event);
    line.push_back('}');
  } else {
    begin_text(line, level_of(event), now);
    append_text(line, event);
  }
  line.push_back('\n');
  return fmt::to_string(line);
}

std::string compose_line(LogLevel level, std::string_view text, LogFormat format,
                         std::chrono::system_clock::time_point now) {
  Buffer line;
  if (format == LogFormat::json) {
    begin_json(line, level, now);
    append_member(line, "message", text, kMaxNotice);
    line.push_back('}');
  } else {
    begin_text(line, level, now);
    append_safe(line, text, Style::sentence, kMaxNotice);
  }
  line.push_back('\n');
  return fmt::to_string(line);
}

}  // namespace cordon::base
