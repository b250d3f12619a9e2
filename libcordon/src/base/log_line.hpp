// The log's lines, composed: pure functions from a record to the bytes of one line.
//
// Text a person did not write (a path, a host, a message with a file's name in it) is escaped, so that it can neither
// start a line of its own nor send a command to the terminal. Every line fits PIPE_BUF, so that its one write is never
// torn.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <cordon/event_sink.hpp>

namespace cordon::base {

/// The level that a request is logged at: warn when the proxy refused it, else info.
LogLevel level_of(const RequestEvent& event) noexcept;

/// The line for a request, with its line feed.
///
/// Text: `2026-01-02T03:04:05.678Z info stripe GET api.stripe.com:443/v1/charges 200 up=0 down=512 time=81.2ms
/// origin=80.1ms token=claude-code peer=node injected`; a dash stands for no route, status, origin time or token, for a program
/// that is not known, and for neither `injected` nor a refusal's code.
std::string compose_line(const RequestEvent& event, LogFormat format, std::chrono::system_clock::time_point now);

/// The line for a notice, with its line feed.
std::string compose_line(LogLevel level, std::string_view text, LogFormat format,
                         std::chrono::system_clock::time_point now);

}  // namespace cordon::base
