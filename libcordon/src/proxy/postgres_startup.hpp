// The beginning of a PostgreSQL connection, up to what the client wants (the manual's "Start-up", "SSL Session Encryption").
#pragma once

#include <string>
#include <variant>

#include "base/wiped_buffer.hpp"
#include "postgres/protocol_version.hpp"
#include "proxy/postgres_client.hpp"

namespace cordon::proxy {

/// A session.
struct WantedSession {
  base::WipedBuffer startup_message;  ///< For the origin: its role in place of the client's user.
  std::string database;
  postgres::ProtocolVersion version;
};

/// That another session cancels what it does.
struct WantedCancel {
  std::uint32_t process_id = 0;
  std::string secret_key;
};

using Wanted = std::variant<WantedSession, WantedCancel>;

/// Reads what `client` wants, on the way putting TLS on its connection where both agree on it, within client.deadline.
/// Refusals: bad_request, not_supported, tls_required, replication_refused, and the ends of the client.
SessionTask<Wanted> read_wanted(PostgresClient& client);

/// Asks for the client's token where the listener wants one, and judges it.
/// Refusals: token_required, token_invalid, token_scope, bad_request, and the ends of the client.
SessionTask<> check_token(PostgresClient& client);

}  // namespace cordon::proxy
