// The client's side of authentication towards the origin, as a state machine without sockets: from the StartupMessage that the
// caller has sent up to AuthenticationOk.
//
//   for (;;) {
//     auto step = login.on_server_message(frame, password);        // a whole message of the origin
//     derive: on a thread for slow work, derive_salted_password(password, step->derivation);
//             then step = login.on_salted_password(salted)         // it may also come from a cache
//     send: write step->message    pass_on: keep the frame for the client    none: nothing    done: leave
//   }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <cordon/secret.hpp>

#include "base/wiped_buffer.hpp"
#include "postgres/authentication.hpp"
#include "postgres/frame.hpp"
#include "postgres/refusal.hpp"
#include "postgres/scram.hpp"

namespace cordon::postgres {

/// What the connection to the origin is.
enum class Transport : unsigned char { plaintext, verified_tls };

/// Whether what is weaker than SCRAM is taken: `allow_weak_auth`.
enum class WeakAuth : unsigned char { refused, allowed };

struct LoginSettings {
  std::string role;  ///< The origin's user: MD5 hashes it.
  Transport transport = Transport::plaintext;
  std::string end_point;  ///< tls_server_end_point of the origin's certificate; empty: no channel binding.
  WeakAuth weak_auth = WeakAuth::refused;
  std::string nonce;  ///< make_scram_nonce().
};

/// What the caller does next.
struct LoginStep {
  enum class Kind : unsigned char {
    none,    ///< Read the next message.
    send,    ///< Write `message` to the origin.
    derive,  ///< Derive the salted password and hand it to on_salted_password; read nothing meanwhile.
    pass_on,  ///< The message (NegotiateProtocolVersion) is for the client. Keep it until the login is done: it may be tried
              ///< again on another connection.
    done,  ///< The origin has accepted and proved itself. What follows up to ReadyForQuery is the caller's to read.
  };

  Kind kind = Kind::none;
  base::WipedBuffer message;  ///< With send. Holds a secret or a proof of one: wipe it as soon as it is written.
  Derivation derivation;      ///< With derive.
};

/// One login on one connection. Move-only; one thread at a time. Keeps no secret from one call to the next.
class Login {
 public:
  explicit Login(LoginSettings settings);

  /// Judges a message of the origin. `password` is read only when the origin asks for it in a form that needs its bytes
  /// (cleartext, MD5), and not kept. After a refusal the object is of no further use.
  /// @returns what the origin said (refusal_by_origin) where it sent an ErrorResponse; 08P01 for what does not belong here;
  ///          28000 for a method that is unknown or weaker than allowed, an origin that asks for nothing, one that cannot
  ///          prove that it knows the password
  Accepted<LoginStep> on_server_message(const Frame& frame, const Secret& password);

  /// Goes on after `derive`: a step `send`. `salted_password` is not kept.
  /// @returns XX000 when nothing was to be derived
  Accepted<LoginStep> on_salted_password(const Secret& salted_password);

 private:
  enum class State : unsigned char {
    started,           ///< Nothing is asked for yet.
    password_sent,     ///< AuthenticationOk is to come.
    scram_first_sent,  ///< AuthenticationSASLContinue is to come.
    deriving,          ///< on_salted_password is to come.
    scram_final_sent,  ///< AuthenticationSASLFinal is to come.
    origin_verified,   ///< AuthenticationOk is to come.
    over,
  };
  /// A row of the table of authentication messages.
  struct Request;

  static const Request* find_request(std::uint32_t code) noexcept;
  Accepted<LoginStep> on_authentication(base::ConstBytes payload, const Secret& password);
  Accepted<LoginStep> on_negotiate_protocol_version(base::ConstBytes payload);
  Accepted<LoginStep> on_ok(base::ConstBytes rest);
  Accepted<LoginStep> on_cleartext_password(base::ConstBytes rest, const Secret& password);
  Accepted<LoginStep> on_md5_password(base::ConstBytes rest, const Secret& password);
  Accepted<LoginStep> on_sasl(base::ConstBytes rest, const Secret& password);
  Accepted<LoginStep> on_sasl_continue(base::ConstBytes rest, const Secret& password);
  Accepted<LoginStep> on_sasl_final(base::ConstBytes rest, const Secret& password);

  LoginSettings settings_;
  State state_ = State::started;
  ScramClient scram_{{}};  ///< In use from scram_first_sent on.
  bool negotiated_ = false;
};

}  // namespace cordon::postgres
