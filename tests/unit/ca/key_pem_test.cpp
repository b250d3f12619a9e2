#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "ca/certificate.hpp"
#include "ca/key_pem.hpp"

namespace cordon::ca {
namespace {

std::string write_with(auto write) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(memory.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

TEST(KeyPem, ComesBackAsItWas) {
  const auto key = make_key();
  const auto pem = encode_key(**key);
  ASSERT_TRUE(pem);
  const auto again = decode_key(pem->view());
  ASSERT_TRUE(again) << again.error().context;
  EXPECT_EQ(EVP_PKEY_cmp(key->get(), again->get()), 1);
}

TEST(KeyPem, IsWhatBoringSslWrites) {
  const auto key = make_key();
  const auto theirs = write_with(
      [&](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, key->get(), nullptr, nullptr, 0, nullptr, nullptr); });
  EXPECT_EQ(std::string(encode_key(**key)->view()), theirs);
}

TEST(KeyPem, ReadsOlderForms) {
  const auto key = make_key();
  const std::string sec1 = write_with([&](BIO* out) {
    PEM_write_bio_ECPrivateKey(out, EVP_PKEY_get0_EC_KEY(key->get()), nullptr, nullptr, 0, nullptr, nullptr);
  });
  std::string with_parameters = "-----BEGIN EC PARAMETERS-----\r\nBggqhkjOPQMBBw==\r\n-----END EC PARAMETERS-----\r\n";
  for (const char c : sec1)
    with_parameters += c == '\n' ? "\r\n" : std::string(1, c);
  const auto read = decode_key(with_parameters);
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(EVP_PKEY_cmp(key->get(), read->get()), 1);
}

TEST(KeyPem, RefusesWhatIsNoKey) {
  const std::string good(encode_key(**make_key())->view());
  const std::string cut = good.substr(0, good.size() / 2);
  std::string damaged = good;
  damaged[40] = damaged[40] == 'A' ? 'B' : 'A';
  damaged[41] = '!';
  for (const std::string& pem :
       {std::string(), std::string("hello"), cut, damaged, std::string("-----BEGIN PRIVATE KEY-----"),
        std::string("-----BEGIN PRIVATE KEY----------END "),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        std::string("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}) {
    const auto read = decode_key(pem);
    ASSERT_FALSE(read) << pem.size();
    EXPECT_EQ(read.error().code, Errc::ca_invalid);
    EXPECT_EQ(read.error().context.find(good.substr(40, 20)), std::string::npos);
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

}  // namespace
}  // namespace cordon::ca
