// Why a PostgreSQL session does not come about, or ends before its first query: the one table from error codes to SQLSTATEs.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

#include "net/asio.hpp"
#include "postgres/refusal.hpp"

namespace cordon::proxy {

struct SessionRefusal {
  /// Whether the client is told. It is not when it has gone or been too slow, or when nothing may be said before TLS.
  enum class Manner : unsigned char { told, closed_upon };

  Errc code = Errc::internal;  ///< For the log and the counts.
  postgres::SqlState sqlstate = postgres::kInternalError;
  std::string message;  ///< For the person who reads it; never names the origin's role.
  Manner manner = Manner::told;
};

template <class T = void>
using Session = std::expected<T, SessionRefusal>;

/// What a step of a session returns.
template <class T = void>
using SessionTask = net::Infallible<Session<T>>;

/// The failing side of a Session for one of our codes.
std::unexpected<SessionRefusal> refused(Errc code, std::string context = {});

/// Refuses with one of our codes. Codes that are no refusal become the nearest that is: use end_of_client() for the client's.
SessionRefusal refuse_session(Error error);

/// For what the client's connection came to: end_of_stream, connection_lost, timed_out, cancelled. Nobody is told.
SessionRefusal end_of_client(Error error);

/// For what is wrong with the client's packets.
SessionRefusal refuse_client(const postgres::Refusal& refusal);

/// For what is wrong with the origin, or what the origin refused. `database` is the client's.
SessionRefusal refuse_origin(const postgres::Refusal& refusal, std::string_view database);

}  // namespace cordon::proxy
