#include "proxy/postgres_refusal.hpp"

#include <algorithm>
#include <array>

namespace cordon::proxy {
namespace {

using postgres::SqlState;

struct Row {
  Errc code;
  SqlState sqlstate;
  std::string_view message;
};

constexpr std::array kTable = {
    Row{Errc::bad_request, postgres::kProtocolViolation, "the connection did not begin as the protocol wants"},
    Row{Errc::not_supported, postgres::kFeatureNotSupported, "this is not supported"},
    Row{Errc::tls_required, postgres::kInvalidAuthorization,
        "this listener takes connections with TLS only: use sslmode=require"},
    Row{Errc::replication_refused, postgres::kInvalidAuthorization,
        "replication sessions are refused: set `allow_replication = true` in cordon.toml"},
    Row{Errc::too_many_connections, postgres::kTooManyConnections, "too many connections are waiting to begin"},
    Row{Errc::token_required, postgres::kInvalidPassword,
        "this listener asks for a Cordon token as the password: `cordon token list`"},
    Row{Errc::token_invalid, postgres::kInvalidPassword,
        "the password is no Cordon token that is accepted here: `cordon token list`"},
    Row{Errc::token_scope, postgres::kInvalidPassword, "this token may not use this listener"},
    Row{Errc::peer_refused, postgres::kInvalidAuthorization, "connections of other users' processes are refused"},
    Row{Errc::binding_unapproved, postgres::kInvalidAuthorization,
        "the owner has not approved yet that this secret goes to this server: `cordon approve`"},
    Row{Errc::secret_unavailable, postgres::kInvalidAuthorization,
        "the password could not be fetched: `cordon secret check`"},
    Row{Errc::destination_denied, postgres::kUnableToConnect,
        "the server's address may not be connected to: it is this proxy's own, or without TLS not a private one"},
    Row{Errc::upstream_dns, postgres::kUnableToConnect, "the server's name cannot be resolved"},
    Row{Errc::upstream_connect, postgres::kUnableToConnect, "the server cannot be reached"},
    Row{Errc::upstream_tls, postgres::kUnableToConnect, "no verified TLS connection to the server can be made"},
    Row{Errc::upstream_timeout, postgres::kUnableToConnect, "the server took too long"},
    Row{Errc::upstream_protocol, postgres::kProtocolViolation, "the server did not answer as the protocol wants"},
    Row{Errc::internal, postgres::kInternalError, "Cordon could not handle the session"},
};

const Row& row_of(Errc code) noexcept {
  const auto* const found = std::ranges::find(kTable, code, &Row::code);
  return found != kTable.end() ? *found : kTable.back();
}

/// What the end of the origin's connection means for a session that waits for it.
Errc meaning_of(Errc code) noexcept {
  if (code == Errc::timed_out) return Errc::upstream_timeout;
  if (code == Errc::end_of_stream || code == Errc::connection_lost) return Errc::upstream_connect;
  return code;
}

/// Which code stands for a decision about the origin.
Errc code_of(const postgres::Refusal& refusal) noexcept {
  if (refusal.means_wrong_credentials()) return Errc::upstream_auth;
  if (refusal.by == postgres::Refusal::By::origin) return Errc::upstream_refused;
  return refusal.sqlstate == postgres::kInvalidAuthorization ? Errc::upstream_login : Errc::upstream_protocol;
}

}  // namespace

SessionRefusal end_of_client(Error error) {
  return {.code = error.code, .message = std::move(error.context), .manner = SessionRefusal::Manner::closed_upon};
}

SessionRefusal refuse_session(Error error) {
  if (error.code == Errc::cancelled) return end_of_client(std::move(error));  // our own stop: there is nobody to tell
  const Row& row = row_of(meaning_of(error.code));
  std::string message(row.message);
  if (!error.context.empty()) message += " (" + error.context + ")";
  return {.code = row.code, .sqlstate = row.sqlstate, .message = std::move(message)};
}

std::unexpected<SessionRefusal> refused(Errc code, std::string context) {
  return std::unexpected(refuse_session({code, std::move(context)}));
}

SessionRefusal refuse_client(const postgres::Refusal& refusal) {
  const bool unknown_protocol = refusal.sqlstate == postgres::kFeatureNotSupported;
  return {.code = unknown_protocol ? Errc::not_supported : Errc::bad_request,
          .sqlstate = refusal.sqlstate,
          .message = std::string(refusal.sentence)};
}

SessionRefusal refuse_origin(const postgres::Refusal& refusal, std::string_view database) {
  return {.code = code_of(refusal),
          .sqlstate = refusal.sqlstate,
          .message = postgres::message_for_client(refusal, database)};
}

}  // namespace cordon::proxy
