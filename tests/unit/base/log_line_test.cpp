#include "base/log_line.hpp"

#include <climits>
#include <string>

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

using namespace std::chrono_literals;

// 2026-01-02T03:04:05.678Z
constexpr std::chrono::system_clock::time_point kNow =
    std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min + 5s + 678ms;

RequestEvent stripe_event() {
  RequestEvent event;
  event.route = "stripe";
  event.method = "POST";
  event.host = "api.stripe.com";
  event.port = 443;
  event.path = "/v1/charges";
  event.status = 200;
  event.bytes_up = 12;
  event.bytes_down = 345;
  event.duration = 81'234us;
  event.origin_time = 80'100us;
  event.injected = true;
  event.token = "claude-code";
  event.peer = "node";
  return event;
}

std::string notice(std::string_view text, LogFormat format = LogFormat::text) {
  return compose_line(LogLevel::info, text, format, kNow);
}

TEST(LogLine, ShowsARequestInOneLine) {
  EXPECT_EQ(compose_line(stripe_event(), LogFormat::text, kNow),
            "2026-01-02T03:04:05.678Z info stripe POST api.stripe.com:443/v1/charges 200 up=12 down=345 time=81.2ms "
            "origin=80.1ms token=claude-code peer=node injected\n");
}

TEST(LogLine, ShowsDashesForWhatIsNotThere) {
  RequestEvent event;
  event.method = "CONNECT";
  event.host = "2001:db8::1";
  event.port = 8443;
  EXPECT_EQ(compose_line(event, LogFormat::text, kNow),
            "2026-01-02T03:04:05.678Z info - CONNECT [2001:db8::1]:8443 - up=0 down=0 time=0.0ms origin=- token=- "
            "peer=- -\n");
}

TEST(LogLine, WarnsOfARefusalAndNamesItsCode) {
  RequestEvent event = stripe_event();
  event.status = 503;
  event.refusal = "secret_unavailable";
  event.injected = false;
  EXPECT_EQ(level_of(event), LogLevel::warn);
  const std::string line = compose_line(event, LogFormat::text, kNow);
  EXPECT_NE(line.find(" warn stripe "), std::string::npos);
  EXPECT_TRUE(line.ends_with(" secret_unavailable\n"));
  EXPECT_EQ(level_of(stripe_event()), LogLevel::info);
}

TEST(LogLine, WritesJson) {
  EXPECT_EQ(compose_line(stripe_event(), LogFormat::json, kNow),
            R"({"time":"2026-01-02T03:04:05.678Z","level":"info","route":"stripe","method":"POST",)"
            R"("host":"api.stripe.com","port":443,"path":"/v1/charges","status":200,"bytes_up":12,"bytes_down":345,)"
            R"("duration_ms":81.2,"origin_ms":80.1,"token":"claude-code","peer":"node","injected":true,"refusal":null})"
            "\n");
  EXPECT_EQ(notice("say \"a\\b\"\n", LogFormat::json),
            R"({"time":"2026-01-02T03:04:05.678Z","level":"info","message":"say \"a\\b\"\u000a"})"
            "\n");
}

TEST(LogLine, EscapesWhatCouldStartALineOrMoveTheCursor) {
  EXPECT_EQ(notice("a\nb\rc\x1b[2Jd\x7f"), "2026-01-02T03:04:05.678Z info a\\x0ab\\x0dc\\x1b[2Jd\\x7f\n");
  EXPECT_EQ(notice(std::string_view("nul\0x", 5)), "2026-01-02T03:04:05.678Z info nul\\x00x\n");
  EXPECT_EQ(notice("csi \xc2\x9b"), "2026-01-02T03:04:05.678Z info csi \\xc2\\x9b\n");
}

TEST(LogLine, EscapesWhatTurnsOrHidesText) {
  EXPECT_EQ(notice("a\u202eb\u2028c\u200bd"),
            "2026-01-02T03:04:05.678Z info a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8c\\xe2\\x80\\x8bd\n");
  EXPECT_NE(notice("a\u202eb", LogFormat::json).find(R"("message":"a\u202eb")"), std::string::npos);
  RequestEvent event = stripe_event();
  event.path = "/\u2066x";
  EXPECT_NE(compose_line(event, LogFormat::text, kNow).find("/\\xe2\\x81\\xa6x 200 "), std::string::npos);
}

TEST(LogLine, KeepsUnicodeAndEscapesWhatIsNot) {
  const std::string start = "2026-01-02T03:04:05.678Z info ";
  EXPECT_EQ(notice("Größe € 😀"), start + "Größe € 😀\n");
  EXPECT_EQ(notice("\xff\xfe"), start + "\\xff\\xfe\n");
  EXPECT_EQ(notice("cut \xe2\x82"), start + "cut \\xe2\\x82\n");
  EXPECT_EQ(notice("overlong \xc0\xaf \xe0\x80\xaf"), start + "overlong \\xc0\\xaf \\xe0\\x80\\xaf\n");
  EXPECT_EQ(notice("surrogate \xed\xa0\x80"), start + "surrogate \\xed\\xa0\\x80\n");
  EXPECT_EQ(notice("beyond \xf4\x90\x80\x80"), start + "beyond \\xf4\\x90\\x80\\x80\n");
  EXPECT_NE(notice("\xff", LogFormat::json).find(R"("message":"\ufffd")"), std::string::npos);
}

TEST(LogLine, KeepsTheColumnsOfATextLineApart) {
  RequestEvent event = stripe_event();
  event.route = "my route";
  event.path = "/a b\nc";
  event.peer = "Web Content\n";
  const std::string line = compose_line(event, LogFormat::text, kNow);
  EXPECT_NE(line.find(" my\\x20route POST api.stripe.com:443/a\\x20b\\x0ac 200 "), std::string::npos) << line;
  EXPECT_NE(line.find(" peer=Web\\x20Content\\x0a injected"), std::string::npos) << line;
}

TEST(LogLine, NeverOutgrowsAnAtomicWrite) {
  const std::string huge(100'000, '\x01');
  RequestEvent event;
  event.route = event.method = event.host = event.path = event.refusal = event.token = event.peer = huge;
  event.bytes_up = event.bytes_down = UINT64_MAX;
  event.duration = event.origin_time = std::chrono::microseconds::max();
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    EXPECT_LE(compose_line(event, format, kNow).size(), static_cast<std::size_t>(PIPE_BUF));
    EXPECT_LE(notice(huge, format).size(), static_cast<std::size_t>(PIPE_BUF));
  }
}

}  // namespace
}  // namespace cordon::base
