#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include <cordon/event_sink.hpp>

#include "base/line_writer.hpp"
#include "base/log_line.hpp"

namespace cordon {
namespace {

class Log final : public EventSink {
 public:
  explicit Log(const LogOptions& options)
      : level_(options.level),
        format_(options.format),
        writer_(options.descriptor, options.capacity, [format = options.format](std::uint64_t count) {
          return base::compose_line(LogLevel::warn, std::to_string(count) + " log lines dropped", format, now());
        }) {}

  void on_request(const RequestEvent& event) noexcept override {
    if (wants(base::level_of(event))) {
      push([&] { return base::compose_line(event, format_, now()); });
    }
  }

  void on_notice(LogLevel level, std::string_view text) noexcept override {
    if (wants(level)) {
      push([&] { return base::compose_line(level, text, format_, now()); });
    }
  }

  bool wants(LogLevel level) const noexcept override { return level >= level_; }

 private:
  static std::chrono::system_clock::time_point now() { return std::chrono::system_clock::now(); }

  // Out of memory costs the line, never the caller.
  template <class Compose>
  void push(Compose compose) noexcept {
    try {
      writer_.push(compose());
    } catch (const std::exception&) {
      return;
    }
  }

  LogLevel level_;
  LogFormat format_;
  base::LineWriter writer_;
};

class NullSink final : public EventSink {
 public:
  void on_request(const RequestEvent& /*event*/) noexcept override {}
  void on_notice(LogLevel /*level*/, std::string_view /*text*/) noexcept override {}
  bool wants(LogLevel /*level*/) const noexcept override { return false; }
};

}  // namespace

std::unique_ptr<EventSink> make_log(const LogOptions& options) {
  return std::make_unique<Log>(options);
}

EventSink& null_sink() noexcept {
  static NullSink sink;  // without state
  return sink;
}

}  // namespace cordon
