// A client's connection to a PostgreSQL listener as its session sees it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/task_group.hpp"
#include "proxy/access.hpp"
#include "proxy/inbox.hpp"
#include "proxy/postgres_refusal.hpp"
#include "proxy/runtime.hpp"

namespace cordon::proxy {

struct PostgresClient;

/// The session among the others of its worker: it may go on while the settings admit its client, have its listener lead where
/// it leads, and its token is good.
class SessionMembership final : public net::TaskGroup::Member {
 public:
  SessionMembership(net::TaskGroup& group, const PostgresClient& client) : Member(group), client_(client) {}

 private:
  bool still_welcome() const noexcept override;
  const PostgresClient& client_;
};

/// Lives in the session's coroutine.
struct PostgresClient {
  /// `connection` is what was accepted on the port of the listener called `name`, which outlives the client.
  PostgresClient(Worker& worker_, const std::string& name, std::unique_ptr<net::TcpStream> connection)
      : worker(worker_),
        listener_name(name),
        settings(worker_.settings),
        listener(settings->find_listener(name)),
        member(worker_.sessions, *this),
        deadline(net::Clock::now() + worker_.runtime.timeouts().postgres_startup),
        tcp(connection.get()) {
    use(std::move(connection));
  }

  /// How far it has come.
  enum class Stage : unsigned char { opening, logging_in, open };

  /// Takes over what a reload has put in place.
  void follow_reload() {
    settings = worker.settings;
    listener = settings->find_listener(listener_name);
  }

  /// Goes on with another stream.
  void use(std::unique_ptr<net::Stream> next) {
    member.watch_client(next.get());
    stream = std::move(next);
    stream->set_deadline(deadline);
  }

  /// Gives up the TCP connection, for TLS to be put on it and use()d.
  std::unique_ptr<net::TcpStream> take_tcp() {
    member.watch_client(nullptr);
    stream.release();
    return std::unique_ptr<net::TcpStream>(tcp);
  }

  Worker& worker;
  const std::string& listener_name;
  std::shared_ptr<const Settings> settings;  // with the worker: those that the session begins with
  const Listener* listener;                  ///< One of `settings`; null: a reload has taken it away.
  Stage stage = Stage::opening;
  SessionMembership member;
  const net::Clock::time_point deadline;  ///< For saying what it wants.
  net::TcpStream* tcp;                    ///< Below everything; owned by `stream`.
  std::unique_ptr<net::Stream> stream;
  Inbox inbox;
  Access access;                                             ///< By what it was admitted, where a token is asked for.
  std::optional<net::Peer> peer;                             ///< Whose process it is; absent: not known.
  std::shared_ptr<const net::PeerPrograms::Answer> program;  ///< Its program, when that is known; null: not asked.
};

/// Errors are those of a client that is gone.
SessionTask<> write_to(PostgresClient& client, base::ConstBytes bytes);

}  // namespace cordon::proxy
