// The two ends of a PostgreSQL session that goes through the proxy: a client's, and a server's that does what a test says.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "http1/base64.hpp"
#include "postgres/authentication.hpp"
#include "postgres/backend_key_data.hpp"
#include "postgres/error_response.hpp"
#include "postgres/frame.hpp"
#include "postgres/scram.hpp"
#include "postgres/startup.hpp"
#include "wire.hpp"

namespace cordon::test {

/// A message that outlives its bytes. Type 0: the peer ended before a whole one came.
struct PostgresMessage {
  char type = 0;
  std::string payload;

  bool has(std::string_view part) const { return payload.find(part) != std::string::npos; }
};

/// Either end.
class PostgresEnd {
 public:
  explicit PostgresEnd(Wire connection) : wire(std::move(connection)) {}

  void send(char type, std::string_view payload) {
    base::WipedBuffer out;
    postgres::append_frame(out, type, {payload});
    wire.send(out.view());
  }

  PostgresMessage receive() {
    const std::string head = wire.receive(postgres::kFrameHead);
    if (head.size() < postgres::kFrameHead) return {};
    const std::size_t size = postgres::read_int32(base::as_bytes(head).subspan(1));
    PostgresMessage message{head[0], wire.receive(size - 4)};
    return message.payload.size() == size - 4 ? message : PostgresMessage{};
  }

  /// A startup packet without its length; empty when the peer ended before.
  std::string receive_packet() {
    const std::string head = wire.receive(4);
    return head.size() < 4 ? "" : wire.receive(postgres::read_int32(base::as_bytes(head)) - 4);
  }

  Wire wire;
};

/// The StartupMessage of a client that says it is `postgres`.
inline std::string startup_message(std::string_view database) {
  std::string pairs = std::string("user") + '\0' + "somebody" + '\0' + "database" + '\0';
  pairs += database;
  pairs += std::string_view("\0\0", 2);
  const postgres::Int32 version(postgres::ProtocolVersion{}.to_wire());
  base::WipedBuffer out;
  const std::array<std::string_view, 2> parts = {version.view(), pairs};
  postgres::append_packet(out, parts);
  return std::string(out.view());
}

/// An ErrorResponse of a client's session as `28P01`; empty when it is another message.
inline std::string sqlstate_of(const PostgresMessage& message) {
  const auto error = postgres::parse_error_response(base::as_bytes(message.payload));
  return message.type == 'E' && error ? std::string(error->sqlstate.view()) : "";
}

/// The server's side of SCRAM-SHA-256 (RFC 5802, section 3), for one password.
class ScramServer {
 public:
  explicit ScramServer(std::string_view password)
      : salted_(postgres::derive_salted_password(password, {"0123456789abcdef", 4096}).value()) {}

  /// server-first-message. `initial` is the payload of the SASLInitialResponse.
  std::string first_message(std::string_view initial) {
    const auto bare = initial.find("n=,r=");
    EXPECT_NE(bare, std::string_view::npos) << initial;
    client_first_ = initial.substr(bare);
    first_ = client_first_.substr(3) + "server,s=" + base64("0123456789abcdef") + ",i=4096";
    return first_;
  }

  /// server-final-message, or nothing when the proof is not of our password.
  std::string final_message(std::string_view response) {
    const auto proof_at = response.rfind(",p=");
    const std::string messages = client_first_ + "," + first_ + "," + std::string(response.substr(0, proof_at));
    const std::string client_key = hmac(salted_.reveal(), "Client Key");
    std::string proof = hmac(sha256(client_key), messages);
    for (std::size_t i = 0; i < proof.size(); ++i)
      proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    if (response.substr(proof_at + 3) != base64(proof)) return "";
    return "v=" + base64(hmac(hmac(salted_.reveal(), "Server Key"), messages));
  }

 private:
  static std::string base64(std::string_view bytes) {
    std::string text(http1::base64_size(bytes.size()), '\0');
    http1::write_base64({bytes}, text.data());
    return text;
  }
  static std::string sha256(std::string_view text) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
           reinterpret_cast<std::uint8_t*>(digest.data()));
    return digest;
  }
  static std::string hmac(std::string_view key, std::string_view text) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), key.size(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
         reinterpret_cast<std::uint8_t*>(digest.data()), &size);
    return digest;
  }

  Secret salted_;
  std::string client_first_, first_;
};

/// A server's end. Each step reads what the proxy must have sent before it, and answers.
class PostgresServerEnd : public PostgresEnd {
 public:
  PostgresServerEnd(Wire connection, std::string_view password)
      : PostgresEnd(std::move(connection)), scram_(password) {}

  void authentication(postgres::AuthenticationCode code, std::string_view rest = "") {
    send('R', std::string(postgres::Int32(postgres::to_wire(code)).view()) + std::string(rest));
  }
  void ask_for_scram() {
    using namespace std::literals;
    authentication(postgres::AuthenticationCode::sasl, "SCRAM-SHA-256\0\0"sv);
  }
  void go_on_with_scram() {
    authentication(postgres::AuthenticationCode::sasl_continue, scram_.first_message(receive().payload));
  }
  /// @returns whether the password was right; else it says so
  bool end_scram() {
    const std::string final = scram_.final_message(receive().payload);
    if (final.empty()) {
      refuse(postgres::kInvalidPassword);
      return false;
    }
    authentication(postgres::AuthenticationCode::sasl_final, final);
    return true;
  }
  void refuse(postgres::SqlState sqlstate) {
    base::WipedBuffer out;
    postgres::compose_error_response(sqlstate, "password authentication failed for user \"real_role\"", out);
    wire.send(out.view());
  }
  void give_key(std::uint32_t process_id, std::string_view key) {
    base::WipedBuffer out;
    postgres::compose_backend_key_data({process_id, base::as_bytes(key)}, out);
    wire.send(out.view());
  }
  void be_ready() { send('Z', "I"); }

  /// From the startup message to ReadyForQuery. @returns whether the password was right
  bool log_in() {
    receive_packet();
    ask_for_scram();
    go_on_with_scram();
    if (!end_scram()) return false;
    authentication(postgres::AuthenticationCode::ok);
    give_key(4711, "real");
    be_ready();
    return true;
  }

 private:
  ScramServer scram_;
};

}  // namespace cordon::test
