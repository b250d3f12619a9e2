#include "http1/target.hpp"

#include <gtest/gtest.h>

namespace cordon::http1 {
namespace {

// What the forms are taken apart into is in transcripts/http/targets.txt.

TEST(Http1Target, RefusesWhatFitsNoForm) {
  for (const std::string_view target :
       {"", "a", "*", "**", "://a/", "1http://a/", "ht tp://a/", "http:/a", "http//a", "http://", "http://?q",
        "http://a@b/", "http://a:b@c/", "http://a\\b/", "/a#b", "http://a#b"}) {
    EXPECT_FALSE(parse_target("GET", target)) << target;
  }
}

TEST(Http1Target, RefusesConnectToAnythingButAnAuthority) {
  for (const std::string_view target : {"", "/", "a/b", "a?b", "a@b:443", "http://a:443", "a\\b:443", "a#b"}) {
    EXPECT_FALSE(parse_target("CONNECT", target)) << target;
  }
}

TEST(Http1Target, MethodsAreCaseSensitive) {
  EXPECT_FALSE(parse_target("options", "*"));
  EXPECT_FALSE(parse_target("connect", "a:443"));
}

TEST(Http1Target, LeavesAnAtSignInPathAndQueryAlone) {
  const auto target = parse_target("GET", "http://a/b@c?d=e@f");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "a");
  EXPECT_EQ(target->path, "/b@c?d=e@f");
}

TEST(Http1Target, TakesASlashSlashForAPath) {
  const auto target = parse_target("GET", "//evil.example/");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->form, TargetForm::origin);
  EXPECT_EQ(target->path, "//evil.example/");
}

TEST(Http1Target, CutsTheQueryOff) {
  EXPECT_EQ(path_without_query("/a?secret=1?2"), "/a");
  EXPECT_EQ(path_without_query("/a"), "/a");
  EXPECT_EQ(path_without_query("?q"), "");
}

}  // namespace
}  // namespace cordon::http1
