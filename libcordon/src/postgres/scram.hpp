// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): texts in, texts out.
//
//   client_first_message()  ->  on_server_first_message(text): a Derivation, or a refusal
//   derive_salted_password(password, derivation): slow, on any thread; may be kept for the next login
//   client_final_message(salted_password)  ->  on_server_final_message(text): verified, or a refusal
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

#include "base/wiped_buffer.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// The least iteration count that is accepted without allow_weak_auth (RFC 7677, section 4).
inline constexpr std::uint32_t kMinIterations = 4'096;
/// The greatest at all: seconds of computing.
inline constexpr std::uint32_t kMaxIterations = 10'000'000;
/// The longest salt, in bytes. A PostgreSQL server's has 16.
inline constexpr std::size_t kMaxSalt = 1'024;

/// A SHA-256.
using ScramDigest = std::array<std::uint8_t, 32>;

/// What a salted password follows from, besides the password. Nothing secret.
struct Derivation {
  std::string salt;  ///< Bytes; 1 to kMaxSalt.
  std::uint32_t iterations = 0;

  friend auto operator<=>(const Derivation&, const Derivation&) = default;
};

/// SaltedPassword of RFC 5802: 32 bytes, as good as the password to whoever has it. SASLprep is applied to `password` first.
/// Takes 0.3 s and more for each million iterations. Pure; any thread.
/// @returns internal when memory is short
Result<Secret> derive_salted_password(std::string_view password, const Derivation& derivation);

/// What the client says about channel binding (the gs2-cbind-flag of RFC 5802, section 6).
enum class Gs2Flag : unsigned char {
  not_supported,  ///< n: there is nothing to bind to, for want of TLS or of a hash of its certificate.
  not_offered,    ///< y: there is, but the server did not offer it. A server that did knows then that somebody hid it.
  used,           ///< p=tls-server-end-point
};

/// One login. One thread at a time.
class ScramClient {
 public:
  struct Settings {
    std::string nonce;  ///< Fresh and random (make_scram_nonce): printable ASCII without a comma.
    Gs2Flag flag = Gs2Flag::not_supported;
    std::string end_point;  ///< With Gs2Flag::used: what tls_server_end_point returned.
    std::uint32_t min_iterations = kMinIterations;
    std::string
        user;  ///< Empty for PostgreSQL, which takes it from the StartupMessage. Needs no escaping: no `,` or `=`.
  };

  explicit ScramClient(Settings settings);

  /// client-first-message: `n,,n=,r=<nonce>`.
  std::string client_first_message() const;

  /// Reads server-first-message. Call it once, before the next.
  /// @returns 08P01 for a malformed text, a nonce that does not extend ours, an empty salt; 28000 for an iteration count out
  ///          of bounds. Known without any hashing
  Accepted<Derivation> on_server_first_message(std::string_view message);

  /// client-final-message, with the proof. The salted password is not kept.
  /// @returns XX000 when `salted_password` is not of 32 bytes, or out of turn
  Accepted<base::WipedBuffer> client_final_message(const Secret& salted_password);

  /// Reads server-final-message and compares the server's signature with ours, in constant time.
  /// @returns 28000 for a wrong signature or an error (`e=`), 08P01 for anything else
  Accepted<> on_server_final_message(std::string_view message) const;

 private:
  std::string gs2_header() const;
  std::string client_first_message_bare() const;
  std::string client_final_message_without_proof() const;

  Settings settings_;
  std::string server_first_;
  std::string server_nonce_;
  std::optional<ScramDigest> server_signature_;
};

}  // namespace cordon::postgres
