#include <chrono>
#include <exception>

#include <cordon/control_server.hpp>

#include "control/recent_log.hpp"

namespace cordon {
namespace {

// Out of memory costs the line, never the caller.
template <class Keep>
void try_to(Keep keep) noexcept {
  try {
    keep(std::chrono::system_clock::now());
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace

LogTee::LogTee(EventSink& inner) : inner_(inner), recent_(std::make_unique<control::RecentLog>(kCapacity)) {
}

LogTee::~LogTee() = default;

void LogTee::on_request(const RequestEvent& event) noexcept {
  inner_.on_request(event);
  try_to([&](control::RecentLog::Time now) { recent_->add(event, now); });
}

void LogTee::on_notice(LogLevel level, std::string_view text) noexcept {
  inner_.on_notice(level, text);
  if (!wants(level)) return;
  try_to([&](control::RecentLog::Time now) { recent_->add(level, text, now); });
}

bool LogTee::wants(LogLevel level) const noexcept {
  return level >= LogLevel::info || inner_.wants(level);
}

}  // namespace cordon
