#include "ca/key_pem.hpp"

#include <algorithm>
#include <cstdint>

#include <openssl/base64.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>

#include "ca/certificate.hpp"

namespace cordon::ca {

namespace {

constexpr std::size_t kLineLength = 64;
constexpr std::size_t kLargestKey = std::size_t{16} * 1024;  // DER; an RSA key of 16,384 bits has 9 KiB
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEncrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
constexpr std::string_view kLabelEnd = "PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END ";

std::uint8_t* unsigned_data(base::MutableBytes bytes) noexcept {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

const std::uint8_t* unsigned_data(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool marshal(const EVP_PKEY& key, base::WipedBuffer& der) {
  CBB out;
  std::size_t size = 0;
  const bool done = CBB_init_fixed(&out, unsigned_data(der.prepare(kLargestKey)), kLargestKey) == 1 &&
                    EVP_marshal_private_key(&out, &key) == 1 && CBB_finish(&out, nullptr, &size) == 1;
  if (!done) CBB_cleanup(&out);
  der.commit(done ? size : 0);
  return done;
}

void append_lines(std::string_view base64, base::WipedBuffer& pem) {
  for (; !base64.empty(); base64.remove_prefix(std::min(kLineLength, base64.size()))) {
    pem.append(base64.substr(0, kLineLength));
    pem.append('\n');
  }
}

// The lines between the key's BEGIN and END; empty when there is no such block.
std::string_view find_body(std::string_view pem) {
  for (std::size_t at = pem.find(kBegin); at != pem.npos; at = pem.find(kBegin, at + 1)) {
    const std::string_view line = pem.substr(at, pem.find('\n', at) - at);
    const std::size_t label_end = line.find(kLabelEnd);
    if (label_end == line.npos) continue;
    const std::string_view rest = pem.substr(at + label_end + kLabelEnd.size());
    const std::size_t end = rest.find(kEnd);
    return end == rest.npos ? std::string_view() : rest.substr(0, end);
  }
  return {};
}

bool decode_base64(std::string_view body, base::WipedBuffer& der) {
  base::WipedBuffer dense;
  dense.reserve(body.size());
  for (const char c : body) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') dense.append(c);
  }
  std::size_t size = 0;
  const base::MutableBytes room = der.prepare(dense.size());
  const bool done =
      EVP_DecodeBase64(unsigned_data(room), &size, room.size(), unsigned_data(dense.view()), dense.size()) == 1;
  der.commit(done ? size : 0);
  return done;
}

}  // namespace

Result<base::WipedBuffer> encode_key(const EVP_PKEY& key) {
  base::WipedBuffer der;
  if (!marshal(key, der)) return crypto_failure("cannot encode the CA's key");
  base::WipedBuffer base64;
  const std::size_t room = 4 * ((der.size() + 2) / 3) + 1;  // EVP_EncodeBlock ends with a NUL
  base64.commit(EVP_EncodeBlock(unsigned_data(base64.prepare(room)), unsigned_data(der.view()), der.size()));
  base::WipedBuffer pem;
  pem.append("-----BEGIN PRIVATE KEY-----\n");
  append_lines(base64.view(), pem);
  pem.append("-----END PRIVATE KEY-----\n");
  return pem;
}

Result<bssl::UniquePtr<EVP_PKEY>> decode_key(std::string_view pem) {
  if (pem.find(kEncrypted) != pem.npos)
    return fail(Errc::ca_invalid, "the key is encrypted, and Cordon asks for no password");
  const std::string_view body = find_body(pem);
  base::WipedBuffer der;
  if (body.empty() || !decode_base64(body, der)) return fail(Errc::ca_invalid, "no private key in PEM form");
  const std::uint8_t* at = unsigned_data(der.view());
  bssl::UniquePtr<EVP_PKEY> key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!key) return fail(Errc::ca_invalid, "the private key is damaged, or of a kind that Cordon cannot use");
  return key;
}

}  // namespace cordon::ca
