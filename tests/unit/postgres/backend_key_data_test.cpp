#include "postgres/backend_key_data.hpp"

#include <gtest/gtest.h>

#include <string>

#include "postgres/frame.hpp"

namespace cordon::postgres {
namespace {

constexpr ProtocolVersion kOld{3, 0};
constexpr ProtocolVersion kNew{3, 2};

std::string payload(std::size_t key_size) {
  return std::string(Int32(4711).view()) + std::string(key_size, 'k');
}

bool is_accepted(std::size_t key_size, ProtocolVersion version) {
  const std::string text = payload(key_size);
  const auto key = parse_backend_key_data(base::as_bytes(text), version);
  if (!key) return false;
  EXPECT_EQ(key->process_id, 4711U);
  EXPECT_EQ(key->secret_key.size(), key_size);
  return true;
}

// PG7
TEST(PostgresBackendKeyData, HasFourBytesBefore32) {
  EXPECT_TRUE(is_accepted(4, kOld));
  EXPECT_FALSE(is_accepted(3, kOld));
  EXPECT_FALSE(is_accepted(5, kOld));
  EXPECT_FALSE(is_accepted(32, kOld));
}

// PG7
TEST(PostgresBackendKeyData, HasUpTo256BytesFrom32On) {
  EXPECT_TRUE(is_accepted(4, kNew));
  EXPECT_TRUE(is_accepted(32, kNew));
  EXPECT_TRUE(is_accepted(256, ProtocolVersion(3, 99)));
  EXPECT_FALSE(is_accepted(3, kNew));
  EXPECT_FALSE(is_accepted(257, kNew));
}

TEST(PostgresBackendKeyData, RefusesOneWithoutAKey) {
  EXPECT_FALSE(parse_backend_key_data({}, kNew));
  EXPECT_FALSE(parse_backend_key_data(base::as_bytes("abc"), kNew));
  EXPECT_FALSE(parse_backend_key_data(base::as_bytes("abcd"), kNew));
}

TEST(PostgresBackendKeyData, IsReadAsItWasWritten) {
  const std::string secret(32, '\xfe');
  base::WipedBuffer out;
  compose_backend_key_data({0xFFFFFFFF, base::as_bytes(secret)}, out);
  base::ConstBytes input = out.bytes();
  const auto frame = next_frame(input, kMaxLoginPayload);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, 'K');
  const auto key = parse_backend_key_data((*frame)->payload, kNew);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->process_id, 0xFFFFFFFFU);
  EXPECT_EQ(base::as_text(key->secret_key), secret);
}

}  // namespace
}  // namespace cordon::postgres
