// A ClientHello that no library of today sends, though it is allowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/ssl.h>

namespace cordon::test {

/// A ClientHello as bytes, with padding to 4 KiB and the server name as its last extension, in two records.
inline std::string client_hello_with_name_last(SSL& client) {
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  BIO_up_ref(out.get());
  SSL_set_bio(&client, BIO_new(BIO_s_mem()), out.get());
  SSL_do_handshake(&client);
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(out.get(), &data, &size);

  CBS message;
  CBS_init(&message, data + 5, size - 5);  // without the record's header
  CBS body, session, ciphers, compression, extensions;
  const std::uint8_t* fixed = nullptr;
  CBS_skip(&message, 1);
  CBS_get_u24_length_prefixed(&message, &body);
  fixed = CBS_data(&body);
  CBS_skip(&body, 34);  // version and random
  CBS_get_u8_length_prefixed(&body, &session);
  CBS_get_u16_length_prefixed(&body, &ciphers);
  CBS_get_u8_length_prefixed(&body, &compression);
  const auto head_size = static_cast<std::size_t>(CBS_data(&body) - fixed);
  CBS_get_u16_length_prefixed(&body, &extensions);

  const auto length16 = [](std::size_t n) {
    return std::string{static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
  };
  std::string others;
  std::string name;
  while (CBS_len(&extensions) > 0) {
    std::uint16_t type = 0;
    CBS content;
    CBS_get_u16(&extensions, &type);
    CBS_get_u16_length_prefixed(&extensions, &content);
    const std::string encoded = length16(type) + length16(CBS_len(&content)) +
                                std::string(reinterpret_cast<const char*>(CBS_data(&content)), CBS_len(&content));
    (type == TLSEXT_TYPE_server_name ? name : others) += encoded;
  }
  const std::string padding = length16(21) + length16(4096) + std::string(4096, '\0');  // RFC 7685
  const std::string all = others + padding + name;
  const std::string hello = std::string(reinterpret_cast<const char*>(fixed), head_size) + length16(all.size()) + all;
  const std::string whole = std::string{1, 0} + length16(hello.size()) + hello;
  const auto record = [&](std::string_view part) {
    return std::string("\x16\x03\x01") + length16(part.size()) + std::string(part);
  };
  return record(std::string_view(whole).substr(0, 1500)) + record(std::string_view(whole).substr(1500));
}

}  // namespace cordon::test
