// The Asio types that net and proxy use, with the executor spelled out: one io_context a worker, so no type erasure is
// needed.
#pragma once

#include <chrono>

#include <asio/awaitable.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <cordon/error.hpp>

namespace cordon::net {

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

/// What a function that suspends returns.
template <class T = void>
using Task = asio::awaitable<Result<T>, Executor>;

/// The same for one that has dealt with every error inside.
template <class T = void>
using Infallible = asio::awaitable<T, Executor>;

inline constexpr asio::use_awaitable_t<Executor> use_task{};

/// Completion token for one operation whose error goes into `error`.
inline auto error_into(asio::error_code& error) {
  return asio::redirect_error(use_task, error);
}

}  // namespace cordon::net
