// The origin's side of a PostgreSQL session: a verified connection, and a login with the real role and password.
#pragma once

#include <memory>
#include <string>

#include "postgres/frame.hpp"
#include "proxy/inbox.hpp"
#include "proxy/postgres_client.hpp"
#include "proxy/postgres_startup.hpp"

namespace cordon::proxy {

struct PostgresOrigin {
  std::unique_ptr<net::Stream> stream;
  net::TcpStream* tcp = nullptr;  ///< Below everything; owned by `stream`.
  std::string address;            ///< The one of the server's that was connected to, without the port.
  std::string end_point;  ///< What ties a login to this TLS connection (tls-server-end-point); empty: nothing does.
  Inbox inbox;
  base::WipedBuffer for_client;  ///< What the client is to get before AuthenticationOk.
};

/// Connects to `host` (canonical, or an address of the upstream's) on the port of `listener`, with TLS verified for the
/// upstream's name unless the listener says otherwise. Errors: upstream_dns, upstream_connect, upstream_tls, upstream_timeout,
/// upstream_protocol, destination_denied (also without TLS to an address that is not private), cancelled.
net::Task<PostgresOrigin> connect_origin(Worker& worker, const Settings& settings, const Listener& listener,
                                         std::string host);

/// Connects to the client's origin and logs in there, up to AuthenticationOk; with what the store says now where the origin does
/// not accept the password any more. Refusals: binding_unapproved, secret_unavailable, those of connect_origin, upstream_auth,
/// upstream_login, upstream_refused.
SessionTask<PostgresOrigin> log_in(PostgresClient& client, const WantedSession& wanted);

/// The next message of the login, or why there is none. Its views end with the next read of `origin`.
SessionTask<postgres::Frame> read_login_frame(PostgresOrigin& origin);

}  // namespace cordon::proxy
