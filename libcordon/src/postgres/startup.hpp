// What a connection begins with (the manual's "Start-up", "SSL Session Encryption", "Canceling Requests in Progress"): packets
// without a type byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/wiped_buffer.hpp"
#include "postgres/backend_key_data.hpp"
#include "postgres/protocol_version.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// The least length of a startup packet, which counts itself: length and code.
inline constexpr std::size_t kMinStartupPacket = 8;
/// The greatest; a PostgreSQL server has the same bound.
inline constexpr std::size_t kMaxStartupPacket = 10'000;

/// "Will you speak TLS?" Answered with one byte, S or N.
struct SSLRequest {};
/// "Will you speak GSSAPI encryption?" Answered with one byte; ours is always N.
struct GSSENCRequest {};

/// "Cancel what that session is doing." Never answered.
struct CancelRequest {
  BackendKey key;
};

/// A pair of a StartupMessage, such as `application_name` and `psql`.
struct Parameter {
  std::string_view name;   ///< Not empty.
  std::string_view value;  ///< May be empty.
};

/// "Open a session." Its views point into the input.
struct StartupMessage {
  ProtocolVersion version;            ///< Its major number is 3.
  std::vector<Parameter> parameters;  ///< In order; each name once; `user` is among them and not empty.

  /// The value of the parameter `name`; nothing when it is absent.
  std::optional<std::string_view> find(std::string_view name) const noexcept;

  std::string_view user() const noexcept { return find("user").value_or(std::string_view{}); }
  /// The database that the client means: `database`, or where it is absent or empty, one named as its user.
  std::string_view database() const noexcept;
};

using StartupPacket = std::variant<SSLRequest, GSSENCRequest, CancelRequest, StartupMessage>;

/// Takes one packet from the front of `input`; nothing, and nothing taken, while it is incomplete. Judged from the first four
/// bytes on, so that a wrong length is refused at once; a buffer of kMaxStartupPacket is always enough. What follows the
/// packet stays in `input`: after an SSLRequest or GSSENCRequest that must be nothing, or the connection is closed
/// (CVE-2021-23214).
/// @returns 08P01 for a length out of bounds or a packet that is malformed or has a parameter twice; 28000 for a
///          StartupMessage without a user; 0A000 for a protocol other than 3
Accepted<std::optional<StartupPacket>> next_startup_packet(base::ConstBytes& input);

/// Whether `input`, not empty, begins a TLS handshake in place of a startup packet ("direct TLS"; its ALPN must then be
/// kAlpn). No startup packet within the bounds begins like that.
bool begins_direct_tls(base::ConstBytes input) noexcept;

/// Whether `input` is a Terminate and nothing else: clients that leave at once send it in place of a startup packet, which it is not.
bool is_terminate(base::ConstBytes input) noexcept;

/// The protocol's name in ALPN.
inline constexpr std::string_view kAlpn = "postgresql";

/// Whether the client asks for a replication session, which can read everything: `replication` with any value that a server
/// does not read as false.
bool asks_for_replication(const StartupMessage& message) noexcept;

/// Appends the StartupMessage for the origin: `client`'s with `role` as its user, all else as it came and in its order. Where
/// `database` is absent or empty, which a server reads as "named as the user", the client's user is put there.
/// @returns 08P01 when it would be over kMaxStartupPacket; nothing is appended then
Accepted<> compose_startup_message(const StartupMessage& client, std::string_view role, base::WipedBuffer& out);

/// Appends an SSLRequest.
void compose_ssl_request(base::WipedBuffer& out);

/// Appends a CancelRequest.
void compose_cancel_request(const BackendKey& key, base::WipedBuffer& out);

/// The origin's answer to an SSLRequest. After `tls` the next byte must be of the TLS handshake: bytes that came together
/// with the S mean that somebody in between put them there (CVE-2021-23222).
enum class SslAnswer : unsigned char {
  tls,        ///< S
  plaintext,  ///< N
  error,      ///< E: an ErrorResponse follows, which nobody has authenticated and nobody may show (CVE-2024-10977).
  nonsense,   ///< Anything else: no PostgreSQL server.
};

SslAnswer parse_ssl_answer(std::byte answer) noexcept;

}  // namespace cordon::postgres
