// ErrorResponse (the manual's "Error and Notice Message Fields").
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/wiped_buffer.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// What of an origin's ErrorResponse is of use. Its message is left where it is: it may name the real role.
struct ErrorResponse {
  std::string_view severity;  ///< The field V, or S before PostgreSQL 9.6; a view into the payload.
  SqlState sqlstate = kInternalError;
};

/// Reads the payload of an ErrorResponse (`E`).
/// @returns 08P01 when it is malformed, or without a severity or an SQLSTATE
Accepted<ErrorResponse> parse_error_response(base::ConstBytes payload);

/// What an origin's ErrorResponse comes to, during the login or between it and the first ReadyForQuery: refusal_by_origin, or
/// the refusal of a malformed one.
Refusal read_refusal(base::ConstBytes payload);

/// Appends an ErrorResponse of severity FATAL. `message` is for a person; a NUL in it ends it.
void compose_error_response(SqlState sqlstate, std::string_view message, base::WipedBuffer& out);

/// The same, for `refusal`. `client_database` as message_for_client has it.
void compose_error_response(const Refusal& refusal, std::string_view client_database, base::WipedBuffer& out);

}  // namespace cordon::postgres
