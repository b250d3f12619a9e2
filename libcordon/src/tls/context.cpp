#include "tls/context.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cordon::tls {

namespace {

// Names of a Protocol, in ALPN's wire form: each after its length.
struct AlpnNames {
  std::string_view offered;  ///< To origins.
  std::string_view served;   ///< What clients may offer.
};
constexpr std::array<AlpnNames, 2> kAlpn = {{
    // A client that speaks HTTP/1.0 may say so (curl -0); it is served the same.
    {"\x08http/1.1", "\x08http/1.1\x08http/1.0"},
    {"\x0apostgresql", "\x0apostgresql"},
}};

const AlpnNames& names_of(Protocol protocol) noexcept {
  return kAlpn[static_cast<std::size_t>(protocol)];
}

const std::uint8_t* wire(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// BoringSSL's own choice and order, less what no origin of today needs.
constexpr const char* kCipherList = "ALL:!3DES:!aPSK";

int host_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool names_host(std::string_view sni, std::string_view canonical) noexcept {
  if (sni.ends_with('.')) sni.remove_suffix(1);
  return std::ranges::equal(sni, canonical, {}, lower, lower);
}

bool is_ip_literal(const std::string& host) noexcept {
  std::array<unsigned char, 16> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

int check_server_name(SSL* ssl, int* alert, void*) {
  if (!refused_for_name(*ssl)) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int select_alpn(SSL*, const std::uint8_t** chosen, std::uint8_t* chosen_size, const std::uint8_t* offered,
                unsigned offered_size, void* names) {
  const std::string_view served = static_cast<const AlpnNames*>(names)->served;
  std::uint8_t* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, chosen_size, wire(served), static_cast<unsigned>(served.size()),
                                            offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::unexpected<Error> tls_failure(std::string_view what) {
  return fail(Errc::internal, std::string(what) + ": " + drain_errors());
}

Result<bssl::UniquePtr<SSL_CTX>> make_context() {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_strict_cipher_list(context.get(), kCipherList) != 1) {
    return tls_failure("cannot make TLS settings");
  }
  SSL_CTX_set_early_data_enabled(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

Result<bssl::UniquePtr<SSL>> make_session(SSL_CTX& context) {
  bssl::UniquePtr<SSL> ssl(SSL_new(&context));
  if (!ssl) return tls_failure("cannot make a TLS session");
  SSL_set_renegotiate_mode(ssl.get(), ssl_renegotiate_never);
  SSL_set_shed_handshake_config(ssl.get(), 1);  // some KiB a connection; BoringSSL frees its idle buffers by itself
  return ssl;
}

bool expect_host(SSL& ssl, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_get0_param(&ssl);
  if (is_ip_literal(host)) return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(&ssl, host.c_str()) == 1;
}

struct Words {
  long code;
  std::string_view text;
};

constexpr Words kVerifyWords[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "certificate is not valid yet (is this machine's clock right?)"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "certificate is for another host"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "certificate is for another address"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "certificate is self-signed and not among the trusted roots"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "certificate's root is not among the trusted roots"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "certificate's issuer is not among the trusted roots, or the server does not send its chain"},
    {X509_V_ERR_INVALID_PURPOSE, "certificate is not for servers"},
};

constexpr Words kHandshakeWords[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, "peer offers neither TLS 1.2 nor TLS 1.3"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "peer offers neither TLS 1.2 nor TLS 1.3"},
    {SSL_R_WRONG_VERSION_NUMBER, "peer does not speak TLS"},
    {SSL_R_HTTP_REQUEST, "peer does not speak TLS but plain HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "peer does not speak TLS but plain HTTP"},
    {SSL_R_NO_APPLICATION_PROTOCOL,
     "peer offers no protocol that is spoken here: http/1.1, to listeners postgresql (ALPN)"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL,
     "peer does not speak the protocol that was asked for: http/1.1, or postgresql (alert no_application_protocol)"},
    {SSL_R_NO_SHARED_CIPHER, "peer offers no cipher suite that is allowed"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "peer found no common settings (alert handshake_failure)"},
    {SSL_R_TLSV1_ALERT_UNRECOGNIZED_NAME, "peer does not serve this host name (alert unrecognized_name)"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "peer does not trust the certificate's issuer (alert unknown_ca)"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "peer does not accept the certificate (alert bad_certificate)"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "peer does not accept the certificate (alert certificate_unknown)"},
    {SSL_R_TLSV1_ALERT_CERTIFICATE_REQUIRED, "peer asks for a client certificate, and Cordon shows none"},
};

std::string_view find_words(std::span<const Words> table, long code) noexcept {
  const auto found = std::ranges::find(table, code, &Words::code);
  return found == table.end() ? std::string_view() : found->text;
}

// Empty when the certificate was not what the handshake failed for.
std::string_view explain_certificate(const SSL& ssl) {
  const long result = SSL_get_verify_result(&ssl);
  if (result == X509_V_OK || result == X509_V_ERR_INVALID_CALL) return {};  // the latter: none was seen yet
  const std::string_view words = find_words(kVerifyWords, result);
  return words.empty() ? X509_verify_cert_error_string(result) : words;
}

// libpq reads 8 KiB at a time. Of a larger record it leaves a rest in its TLS library, where a client that waits for the socket to be
// readable never looks for it.
constexpr std::size_t kLibpqRead = 8192;

}  // namespace

Result<bssl::UniquePtr<SSL_CTX>> make_server_context(const Identity& identity, Protocol protocol) {
  auto context = make_context();
  if (!context) return context;
  SSL_CTX* const raw = context->get();
  if (SSL_CTX_use_certificate(raw, identity.certificate()) != 1 || SSL_CTX_use_PrivateKey(raw, identity.key()) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return tls_failure("cannot use the certificate and its key");
  }
  SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets are kept by the client
  SSL_CTX_set_tlsext_servername_callback(raw, check_server_name);
  if (protocol == Protocol::postgresql && SSL_CTX_set_max_send_fragment(raw, kLibpqRead) != 1)
    return tls_failure("cannot limit the size of records");
  SSL_CTX_set_alpn_select_cb(raw, select_alpn,
                             const_cast<AlpnNames*>(&names_of(protocol)));  // read back as const
  return context;
}

Result<bssl::UniquePtr<SSL_CTX>> make_origin_context(bssl::UniquePtr<X509_STORE> roots) {
  auto context = make_context();
  if (!context) return context;
  SSL_CTX* const raw = context->get();
  X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(raw);
  if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) != 1 ||
      X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST) != 1) {
    return tls_failure("cannot make TLS settings for origins");
  }
  SSL_CTX_set_cert_store(raw, roots.release());
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return context;
}

Result<bssl::UniquePtr<SSL>> make_server_session(SSL_CTX& context, const std::string& host) {
  auto ssl = make_session(context);
  if (!ssl) return ssl;
  // ex_data holds a void*; it is read back as const.
  if (SSL_set_ex_data(ssl->get(), host_index(), const_cast<std::string*>(&host)) != 1) {
    return tls_failure("cannot bind a TLS session to its host");
  }
  SSL_set_accept_state(ssl->get());
  return ssl;
}

Result<bssl::UniquePtr<SSL>> make_server_session(SSL_CTX& context) {
  auto ssl = make_session(context);
  if (ssl) SSL_set_accept_state(ssl->get());
  return ssl;
}

Result<bssl::UniquePtr<SSL>> make_origin_session(SSL_CTX& context, const std::string& host, Protocol protocol) {
  auto ssl = make_session(context);
  if (!ssl) return ssl;
  const std::string_view offered = names_of(protocol).offered;
  if (SSL_set_alpn_protos(ssl->get(), wire(offered), static_cast<unsigned>(offered.size())) !=
      0) {  // 0 is success for this one
    return tls_failure("cannot offer a protocol");
  }
  if (!expect_host(**ssl, host)) return tls_failure("cannot verify the host name " + host);
  SSL_set_connect_state(ssl->get());
  return ssl;
}

bool agreed_on(const SSL& ssl, Protocol protocol) noexcept {
  const std::uint8_t* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == names_of(protocol).offered.substr(1);
}

std::vector<std::byte> peer_certificate(const SSL& ssl) {
  const bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(&ssl));
  std::uint8_t* der = nullptr;
  const int size = certificate ? i2d_X509(certificate.get(), &der) : 0;
  const bssl::UniquePtr<std::uint8_t> owner(der);
  const auto bytes = std::as_bytes(std::span<const std::uint8_t>(der, size > 0 ? static_cast<std::size_t>(size) : 0));
  return {bytes.begin(), bytes.end()};
}

std::string explain_failure(const SSL& ssl) {
  const long reason = ERR_GET_REASON(ERR_peek_error());
  const bool from_tls = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL;
  const std::string raw = drain_errors();
  if (refused_for_name(ssl)) return "client asked for another host name (SNI) than the tunnel's";
  if (const auto words = explain_certificate(ssl); !words.empty()) return std::string(words);
  if (const auto words = find_words(kHandshakeWords, reason); from_tls && !words.empty()) return std::string(words);
  return raw.empty() ? "peer closed the connection during the TLS handshake" : raw;
}

bool refused_for_name(const SSL& ssl) noexcept {
  const auto* const host = static_cast<const std::string*>(SSL_get_ex_data(&ssl, host_index()));
  const char* const sni = SSL_get_servername(&ssl, TLSEXT_NAMETYPE_host_name);
  return host != nullptr && sni != nullptr && !names_host(sni, *host);
}

std::string drain_errors() {
  std::string line;
  while (const auto code = ERR_get_error()) {
    std::array<char, ERR_ERROR_STRING_BUF_LEN> text{};
    ERR_error_string_n(code, text.data(), text.size());
    if (!line.empty()) line += "; ";
    line += text.data();
  }
  return line;
}

}  // namespace cordon::tls
