#include "http1/message.hpp"

#include <gtest/gtest.h>

#include "http1/field_name.hpp"

namespace cordon::http1 {
namespace {

TEST(Http1Message, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-Length", "content-LENGTH"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", ""));
  EXPECT_FALSE(equals_ignoring_case("Host", "Hos"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));  // 0x20 apart, and no letters
  EXPECT_FALSE(equals_ignoring_case("[]^_", "{}~\x7f"));
}

TEST(Http1Message, FindsTokensInLists) {
  EXPECT_TRUE(has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(has_token("upgrade", "upgrade"));
  EXPECT_TRUE(has_token(" , \tclose ,", "close"));
  EXPECT_FALSE(has_token("not-close, closed", "close"));
  EXPECT_FALSE(has_token("", "close"));
  EXPECT_FALSE(has_token(",,", "close"));
}

TEST(Http1Message, GivesTheFirstValueOfAField) {
  RequestHead head;
  head.fields = {{"A", "1", FieldName::other}, {"Host", "x", FieldName::host}, {"Host", "y", FieldName::host}};
  EXPECT_EQ(head.value_of(FieldName::host), "x");
  EXPECT_TRUE(head.value_of(FieldName::cookie).empty());
}

TEST(Http1FieldName, KnowsItsNamesInAnyCase) {
  constexpr std::pair<std::string_view, FieldName> kNames[] = {
      {"Authorization", FieldName::authorization},
      {"CONNECTION", FieldName::connection},
      {"content-length", FieldName::content_length},
      {"Cookie", FieldName::cookie},
      {"expect", FieldName::expect},
      {"hOST", FieldName::host},
      {"HTTP2-Settings", FieldName::http2_settings},
      {"http2-settings", FieldName::http2_settings},
      {"Keep-alive", FieldName::keep_alive},
      {"Proxy-Connection", FieldName::proxy},
      {"proxy-", FieldName::proxy},
      {"PROXY-AUTHENTICATE", FieldName::proxy},
      {"Proxy-authorization", FieldName::proxy_authorization},
      {"Sec-WebSocket-Accept", FieldName::sec_websocket_accept},
      {"sec-websocket-key", FieldName::sec_websocket_key},
      {"te", FieldName::te},
      {"Trailer", FieldName::trailer},
      {"transfer-encoding", FieldName::transfer_encoding},
      {"Upgrade", FieldName::upgrade},
  };
  for (const auto& [name, id] : kNames)
    EXPECT_EQ(classify(name), id) << name;
}

TEST(Http1FieldName, LeavesOtherNamesAlone) {
  for (const std::string_view name : {"", "x", "Hos", "Hostt", "Proxy", "Proxies-", "Authorizatiom", "X-Authorization",
                                      "Content_Length", "Transfer-Encoding2", "Sec-WebSocket-Accept-And-More-Of-It"}) {
    EXPECT_EQ(classify(name), FieldName::other) << name;
  }
}

}  // namespace
}  // namespace cordon::http1
