// One connection of the load: connect, CONNECT, TLS, then request after request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <netdb.h>
#include <openssl/ssl.h>

#include "histogram.hpp"
#include "options.hpp"
#include "response_reader.hpp"

namespace load {

using Clock = std::chrono::steady_clock;

/// What all connections share. It outlives them.
struct Plan {
  const Options& options;
  const addrinfo& address;   ///< Of the proxy, or of the origin without one.
  SSL_CTX* tls = nullptr;    ///< Null for http.
  std::string connect_head;  ///< Empty: no tunnel is asked for.
  std::string request_head;
  Clock::time_point counted_from;        ///< Requests that start earlier are not counted.
  bssl::UniquePtr<SSL_SESSION> session;  ///< The newest, to resume.
};

/// What a run has seen.
struct Tally {
  Histogram latency;  ///< Microseconds from a request's start (with new connections: from connect) to its end.
  std::uint64_t started = 0, succeeded = 0, not_200 = 0, errors = 0;
  std::uint64_t reconnects = 0;  ///< Kept-alive connections that the server closed between two requests.
  std::uint64_t handshakes = 0, resumed = 0;
  std::uint64_t body_bytes = 0;
  std::map<std::string, std::uint64_t> kinds;  ///< Of errors, and of statuses that are not 200.
};

/// What a connection waits for.
enum class Wanted : std::uint8_t { readable, writable, restart_later };

class Connection {
 public:
  Connection(Plan& plan, Tally& tally) noexcept : plan_(plan), tally_(tally) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  int descriptor() const noexcept { return descriptor_; }

  /// Opens it anew. @returns what to wait for
  Wanted open();

  /// Goes on until it would block. The descriptor may be another one afterwards.
  Wanted advance();

 private:
  enum class Step : std::uint8_t { connecting, asking, reading_tunnel_answer, shaking_hands, sending, receiving };
  enum class Outcome : std::uint8_t { done, want_read, want_write, failed };

  Outcome step();
  Outcome finish_connecting();
  Outcome shake_hands();
  Outcome send_head(std::string_view head);
  Outcome send_request();
  Outcome receive();
  Outcome take(std::string_view data);
  Outcome fail(std::string_view kind);
  void begin_tunnel();
  void begin_tls();
  void begin_request();
  Outcome end_response();
  Wanted after_failure();
  std::ptrdiff_t write_some(std::string_view data);
  std::ptrdiff_t read_some(char* data, std::size_t size);
  Outcome blocked(std::ptrdiff_t result, Outcome otherwise) const;
  void close() noexcept;

  Plan& plan_;
  Tally& tally_;
  int descriptor_ = -1;
  bssl::UniquePtr<SSL> tls_;
  Step step_ = Step::connecting;
  std::size_t sent_ = 0;  ///< Of the head, then of the body.
  ResponseReader reader_;
  Clock::time_point request_start_;
  bool reused_ = false;  ///< At least one request has been answered on this connection.
  bool reopen_ = false;
};

}  // namespace load
