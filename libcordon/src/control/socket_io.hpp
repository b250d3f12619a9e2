// Blocking calls on non-blocking stream sockets, each with a deadline. No errno leaves this file.
#pragma once

#include <chrono>
#include <string_view>

#include <cordon/error.hpp>

#include "base/bytes.hpp"
#include "base/unique_fd.hpp"

namespace cordon::control {

using Clock = std::chrono::steady_clock;

/// Both ends of a pipe; none when no descriptor is to be had.
struct Pipe {
  base::UniqueFd read_end, write_end;
};

// What these make is closed by exec. Where the system can do that in one step it is never inherited by a program that another
// thread of the host starts in between.
Pipe make_pipe() noexcept;
base::UniqueFd make_stream_socket(int family) noexcept;
base::UniqueFd accept_connection(int listening) noexcept;  ///< With errno as accept(2) leaves it when there is none.

/// Makes the socket non-blocking, closed by exec, and silent about readers that are gone.
/// @returns internal
Result<> prepare_socket(int descriptor);

/// Waits until `events` of poll(2) are there. @returns timed_out, internal
Result<> await(int descriptor, short events, Clock::time_point deadline);

/// @returns timed_out, connection_lost
Result<> send_all(int descriptor, std::string_view text, Clock::time_point deadline);

/// What is there to read; an empty span at the end of the stream. @returns timed_out, connection_lost
Result<base::ConstBytes> receive(int descriptor, base::MutableBytes buffer, Clock::time_point deadline);

}  // namespace cordon::control
