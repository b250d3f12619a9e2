// The messages of authentication (the manual's Authentication..., `R`, and PasswordMessage, `p`): those that Cordon sends to a
// client and reads from it. Towards the origin they are login.hpp's.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/wiped_buffer.hpp"
#include "postgres/frame.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// What the Int32 at the front of an `R` message says.
enum class AuthenticationCode : std::uint8_t {
  ok = 0,
  kerberos_v5 = 2,
  cleartext_password = 3,
  crypt_password = 4,
  md5_password = 5,
  scm_credential = 6,
  gss = 7,
  gss_continue = 8,
  sspi = 9,
  sasl = 10,
  sasl_continue = 11,
  sasl_final = 12,
};

constexpr std::uint32_t to_wire(AuthenticationCode code) noexcept {
  return static_cast<std::uint32_t>(code);
}

/// Appends an AuthenticationOk.
void compose_authentication_ok(base::WipedBuffer& out);

/// Appends an AuthenticationCleartextPassword, which asks the client for its token.
void compose_authentication_cleartext_password(base::WipedBuffer& out);

/// Reads a client's PasswordMessage. The view points into the frame; it is a secret of the client's.
/// @returns 08P01 when it is another message, without its NUL, or has bytes after it
Accepted<std::string_view> parse_password_message(const Frame& frame);

/// Appends a PasswordMessage.
void compose_password_message(std::string_view password, base::WipedBuffer& out);

}  // namespace cordon::postgres
