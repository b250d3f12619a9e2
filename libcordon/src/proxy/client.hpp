// A client's connection as its session sees it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/task_group.hpp"
#include "proxy/access.hpp"
#include "proxy/destination.hpp"
#include "proxy/local_reply.hpp"
#include "proxy/message_reader.hpp"
#include "proxy/runtime.hpp"

namespace cordon::proxy {

struct Client;

/// The session among the others of its worker: it may go on while the settings admit its client and lead where it is, and its
/// token is good.
class Membership final : public net::TaskGroup::Member {
 public:
  Membership(net::TaskGroup& group, const Client& client) : Member(group), client_(client) {}

 private:
  bool still_welcome() const noexcept override;
  const Client& client_;
};

/// Lives in the session's coroutine.
struct Client {
  /// `connection` is what was accepted.
  Client(Worker& worker_, std::unique_ptr<net::TcpStream> connection)
      : worker(worker_), member(worker_.sessions, *this), tcp(connection.get()) {
    use(std::move(connection));
  }

  /// Goes on with another stream.
  void use(std::unique_ptr<net::Stream> next) {
    member.watch_client(next.get());
    stream = std::move(next);
  }

  /// Gives up the TCP connection, for TLS to be put on it and use()d.
  std::unique_ptr<net::TcpStream> take_tcp() {
    member.watch_client(nullptr);
    stream.release();
    return std::unique_ptr<net::TcpStream>(tcp);
  }

  const http1::RequestHead& request() noexcept { return reader.parser().request(); }

  Worker& worker;
  Membership member;
  net::TcpStream* tcp;  ///< Below everything; owned by `stream`.
  std::unique_ptr<net::Stream> stream;
  MessageReader reader{http1::Parser::Kind::request};
  MessageReader origin_reader{http1::Parser::Kind::response};  ///< Kept here for its buffers; of the current exchange.
  const Destination* bound = nullptr;                          ///< What it serves now: where its tunnel leads.
  Access access;                                               ///< By what it was admitted there.
  std::optional<net::Peer> peer;                               ///< Whose process it is; absent: not known.
  std::shared_ptr<const net::PeerPrograms::Answer> program;    ///< Its program, when that is known; null: not asked.
  std::string out;                                             ///< What is about to be written to the client.
};

/// As long as this lives, the connection serves one destination, and ends when it may not any more.
class Bound {
 public:
  Bound(Client& client, const Destination& destination) : client_(client), before_(client.bound) {
    client_.bound = &destination;
  }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  ~Bound() { client_.bound = before_; }

 private:
  Client& client_;
  const Destination* before_;
};

/// Judges the token that the client shows in the request whose head was read last; see judge_token().
Judged judge_request_token(Client& client, const Route* route);

using http1::Persistence;

/// What becomes of a client's connection after a request.
enum class Ending : unsigned char {
  keep_alive,  ///< Another request may follow.
  close,       ///< Closed politely: the client has its whole answer.
  abort,       ///< Closed at once, so that a cut answer cannot be taken for a whole one.
};

/// Waits for the next request head: `idle` until its first byte, then as long as a head may take. Errors: end_of_stream
/// (no request began), bad_request, head_too_large, target_too_long, and those of streams.
net::Task<> read_request_head(Client& client, std::chrono::milliseconds idle);

/// Whether the request whose head was read last is over: nothing of a body is still to come. Takes its end from the
/// reader.
bool finish_bodyless(Client& client);

/// Answers the request with a refusal and reports it. The connection is kept only when `wanted` says so and nothing of
/// the request is left unread. @returns what became of it
net::Infallible<Ending> send_refusal(Client& client, const Refusal& refusal, RequestEvent& record, Persistence wanted);

/// What a peer gets to read the last that it is sent.
inline constexpr std::chrono::milliseconds kPatience{1'000};

/// Closes politely: ends our side, then reads what still arrives for as long as `patience`, so that the reply is not destroyed by a
/// reset (RFC 9112, section 9.6).
net::Infallible<> close_gently(net::Stream& stream, std::chrono::milliseconds patience = kPatience);

/// The report of one request: told to the sink when it ends. What its views refer to must outlive it.
class Record {
 public:
  explicit Record(Client& client) : client_(client) {}
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  ~Record();

  /// Fills in who is asked for what.
  void concerns(const Destination& destination);

  RequestEvent event;

 private:
  Client& client_;
  RouteCounters* counters_ = nullptr;
  net::Clock::time_point began_ = net::Clock::now();
};

}  // namespace cordon::proxy
