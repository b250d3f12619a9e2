#include "http1/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::http1 {
namespace {

std::string encode(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts)
    size += part.size();
  std::string out(base64_size(size), '\0');
  EXPECT_EQ(write_base64(parts, out.data()), out.data() + out.size());
  return out;
}

// RFC 4648, section 10.
TEST(Http1Base64, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(encode({""}), "");
  EXPECT_EQ(encode({"f"}), "Zg==");
  EXPECT_EQ(encode({"fo"}), "Zm8=");
  EXPECT_EQ(encode({"foo"}), "Zm9v");
  EXPECT_EQ(encode({"foob"}), "Zm9vYg==");
  EXPECT_EQ(encode({"fooba"}), "Zm9vYmE=");
  EXPECT_EQ(encode({"foobar"}), "Zm9vYmFy");
}

TEST(Http1Base64, DoesNotCareHowTheBytesAreCut) {
  EXPECT_EQ(encode({"Aladdin", ":", "open sesame"}), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(encode({"", "f", "", "o", "obar"}), "Zm9vYmFy");
}

TEST(Http1Base64, EncodesEveryByte) {
  EXPECT_EQ(encode({"\xff\xfe\xfd"}), "//79");
  EXPECT_EQ(encode({std::string_view("\0\0\0", 3)}), "AAAA");
}

}  // namespace
}  // namespace cordon::http1
