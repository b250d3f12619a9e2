#include "postgres/scram.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <openssl/base64.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include "base/bytes.hpp"
#include "base/locked_memory.hpp"
#include "postgres/saslprep.hpp"

namespace cordon::postgres {

namespace {

/// A key on the way from the salted password to a proof.
struct Key {
  ScramDigest bytes{};

  Key() = default;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { base::wipe(bytes.data(), bytes.size()); }

  std::string_view view() const noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

const std::uint8_t* octets(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool hmac(std::string_view key, std::string_view text, ScramDigest& out) noexcept {
  unsigned size = 0;
  return HMAC(EVP_sha256(), key.data(), key.size(), octets(text), text.size(), out.data(), &size) != nullptr;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  text.resize(EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), octets(bytes), bytes.size()));
  return text;
}

std::optional<std::string> from_base64(std::string_view text, std::size_t max_size) {
  if (text.size() > (max_size + 2) / 3 * 4) return std::nullopt;
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  if (EVP_DecodeBase64(reinterpret_cast<std::uint8_t*>(bytes.data()), &size, bytes.size(), octets(text), text.size()) !=
      1) {
    ERR_clear_error();
    return std::nullopt;
  }
  bytes.resize(size);
  if (size > max_size || to_base64(bytes) != text) return std::nullopt;  // one spelling only
  return bytes;
}

/// Takes `<name>=<value>` and the comma after it from the front of `message`.
std::optional<std::string_view> take_attribute(std::string_view& message, char name) noexcept {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const std::size_t end = std::min(message.find(','), message.size());
  const std::string_view value = message.substr(2, end - 2);
  message.remove_prefix(std::min(end + 1, message.size()));
  return value;
}

/// The printable characters of RFC 5802, section 5.1; the comma cannot come here.
bool is_nonce(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// Nothing when it is no number; kMaxIterations + 1 for all that is beyond.
std::optional<std::uint32_t> parse_iterations(std::string_view text) noexcept {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits || text.front() == '0') return std::nullopt;
  std::uint32_t count = 0;
  for (const char c : text)
    count = std::min(10 * count + static_cast<std::uint32_t>(c - '0'), kMaxIterations + 1);
  return count;
}

/// The attributes of server-first-message, as they stand there.
struct ServerFirst {
  std::string_view nonce;
  std::string_view salt;
  std::string_view iterations;
};

/// Extensions (`m=`, or attributes after these) are none of PostgreSQL's.
std::optional<ServerFirst> parse_server_first(std::string_view message) noexcept {
  std::string_view rest = message;
  const auto nonce = take_attribute(rest, 'r');
  const auto salt = take_attribute(rest, 's');
  const auto iterations = take_attribute(rest, 'i');
  if (!nonce || !salt || !iterations || !rest.empty() || message.ends_with(',')) return std::nullopt;
  return ServerFirst{*nonce, *salt, *iterations};
}

/// ClientProof (RFC 5802, section 3).
bool compute_proof(std::string_view salted_password, std::string_view auth_message, Key& proof) noexcept {
  Key client_key;
  Key stored_key;
  ScramDigest signature{};
  if (!hmac(salted_password, "Client Key", client_key.bytes)) return false;
  SHA256(client_key.bytes.data(), client_key.bytes.size(), stored_key.bytes.data());
  if (!hmac(stored_key.view(), auth_message, signature)) return false;
  std::ranges::transform(client_key.bytes, signature, proof.bytes.begin(), std::bit_xor<std::uint8_t>());
  return true;
}

/// ServerSignature (RFC 5802, section 3).
bool compute_server_signature(std::string_view salted_password, std::string_view auth_message,
                              ScramDigest& signature) noexcept {
  Key server_key;
  return hmac(salted_password, "Server Key", server_key.bytes) && hmac(server_key.view(), auth_message, signature);
}

std::unexpected<Refusal> malformed(std::string_view sentence) {
  return refuse(kProtocolViolation, sentence);
}

/// The name of the error is the server's text.
std::unexpected<Refusal> ended_by_error() {
  return refuse(kInvalidAuthorization, "the server ended the SCRAM exchange with an error");
}

std::unexpected<Refusal> failed() {
  return refuse(kInternalError, "SCRAM could not be computed");
}

}  // namespace

Result<Secret> derive_salted_password(std::string_view password, const Derivation& derivation) {
  const base::WipedBuffer prepared = saslprep(password);
  Key salted;
  if (PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(prepared.bytes().data()), prepared.size(),
                        octets(derivation.salt), derivation.salt.size(), derivation.iterations, EVP_sha256(),
                        salted.bytes.size(), salted.bytes.data()) != 1) {
    ERR_clear_error();
    return fail(Errc::internal, "the salted password could not be derived");
  }
  return Secret(salted.view());
}

ScramClient::ScramClient(Settings settings) : settings_(std::move(settings)) {
}

std::string ScramClient::gs2_header() const {
  switch (settings_.flag) {
    case Gs2Flag::used:
      return "p=tls-server-end-point,,";
    case Gs2Flag::not_offered:
      return "y,,";
    case Gs2Flag::not_supported:
      break;
  }
  return "n,,";
}

std::string ScramClient::client_first_message_bare() const {
  return "n=" + settings_.user + ",r=" + settings_.nonce;
}

std::string ScramClient::client_first_message() const {
  return gs2_header() + client_first_message_bare();
}

std::string ScramClient::client_final_message_without_proof() const {
  return "c=" + to_base64(gs2_header() + settings_.end_point) + ",r=" + server_nonce_;
}

Accepted<Derivation> ScramClient::on_server_first_message(std::string_view message) {
  if (message.starts_with("e=")) return ended_by_error();
  const auto first = parse_server_first(message);
  if (!first) return malformed("the server sent a malformed server-first-message");
  const std::string_view nonce = first->nonce;
  if (!is_nonce(nonce) || nonce.size() <= settings_.nonce.size() || !nonce.starts_with(settings_.nonce)) {
    return malformed("the server's SCRAM nonce does not extend the client's");
  }
  auto salt = from_base64(first->salt, kMaxSalt);
  if (!salt || salt->empty()) return malformed("the server's SCRAM salt is empty or malformed");
  const auto iterations = parse_iterations(first->iterations);
  if (!iterations) return malformed("the server's SCRAM iteration count is no number");
  if (*iterations < settings_.min_iterations) {
    return refuse(kInvalidAuthorization,
                  "the server's SCRAM iteration count is below 4,096, which takes allow_weak_auth");
  }
  if (*iterations > kMaxIterations) {
    return refuse(kInvalidAuthorization, "the server's SCRAM iteration count is above 10,000,000");
  }
  server_first_ = message;
  server_nonce_ = nonce;
  return Derivation{*std::move(salt), *iterations};
}

Accepted<base::WipedBuffer> ScramClient::client_final_message(const Secret& salted_password) {
  if (server_nonce_.empty() || salted_password.size() != SHA256_DIGEST_LENGTH) return failed();
  const std::string without_proof = client_final_message_without_proof();
  const std::string auth_message = client_first_message_bare() + ',' + server_first_ + ',' + without_proof;
  Key proof;
  ScramDigest signature{};
  if (!compute_proof(salted_password.reveal(), auth_message, proof)) return failed();
  if (!compute_server_signature(salted_password.reveal(), auth_message, signature)) return failed();
  server_signature_ = signature;
  base::WipedBuffer message;
  message.append(without_proof);
  message.append(",p=");
  message.append(to_base64(proof.view()));
  return message;
}

Accepted<> ScramClient::on_server_final_message(std::string_view message) const {
  if (message.starts_with("e="))
    return refuse(kInvalidAuthorization, "the server ended the SCRAM exchange with an error");
  std::string_view rest = message;
  const auto verifier = take_attribute(rest, 'v');
  if (!verifier || !rest.empty() || message.ends_with(',')) {
    return malformed("the server sent a malformed server-final-message");
  }
  const auto signature = from_base64(*verifier, sizeof(ScramDigest));
  if (!server_signature_ || !signature || signature->size() != server_signature_->size() ||
      CRYPTO_memcmp(signature->data(), server_signature_->data(), server_signature_->size()) != 0) {
    return refuse(kInvalidAuthorization, "the server could not prove that it knows the password");
  }
  return {};
}

}  // namespace cordon::postgres
