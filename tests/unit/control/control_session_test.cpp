#include "control/control_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "unit/control/control_fixture.hpp"

namespace cordon::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using ControlSessionTest = ControlTest;

TEST_F(ControlSessionTest, StatusIsToldWhileAReloadRuns) {
  std::mutex mutex;
  std::condition_variable changed;
  bool go_on = false;
  const auto server = start({.status = sample_status,
                             .reload =
                                 [&] {
                                   std::unique_lock lock(mutex);
                                   changed.wait(lock, [&] { return go_on; });
                                   return ReloadReport{};
                                 },
                             .stop = {},
                             .forget_secret = {}});
  std::thread reload([this] { EXPECT_TRUE(ControlClient(instance_).reload(kDeadline)->has_value()); });
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  reload.join();
}

TEST_F(ControlSessionTest, SaysWhatItDoesNotOffer) {
  const auto server = start();
  EXPECT_EQ(ControlClient(instance_).status(kDeadline).error().code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).reload(kDeadline)->error()[0].code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).stop(StopMode::graceful, kDeadline).error().code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).read_log(LogFormat::text, Follow::no, {}, kDeadline).error().code,
            Errc::not_supported);
}

TEST_F(ControlSessionTest, HandlerThatThrowsIsAnError) {
  const auto server = start({.status = []() -> ProxyStatus { throw std::runtime_error("secret words"); },
                             .reload = {},
                             .stop = {},
                             .forget_secret = {}});
  const std::string answer = exchange(request("status"));
  EXPECT_THAT(answer, HasSubstr("\"internal\""));
  EXPECT_THAT(answer, Not(HasSubstr("secret words")));
}

TEST_F(ControlSessionTest, RefusesWhatIsNoRequestOfItsProtocol) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_THAT(exchange("GET /status HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("400 "));
  EXPECT_THAT(exchange("nonsense\r\n\r\n"), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("status", "[]")), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("status", "{")), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("unknown")), HasSubstr("404 "));
  EXPECT_THAT(exchange(request("status", "{\"config\":\"/other\"}")), HasSubstr("421 "));
  EXPECT_THAT(exchange(request("status", "{\"config\":7}")), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("log", "{\"follow\":\"yes\"}")), HasSubstr("400 "));
}

TEST_F(ControlSessionTest, RefusesARequestThatIsTooLarge) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_THAT(exchange("POST /status HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x')), HasSubstr("431 "));
  const std::string body = "{\"config\":\"" + std::string(70'000, 'x') + "\"}";
  EXPECT_THAT(exchange(request("status", body)), HasSubstr("400 "));
}

class Followed {
 public:
  Followed(const Instance& instance, LogFormat format) {
    thread_ = std::thread([this, instance, format] {
      result_ = ControlClient(instance).read_log(
          format, Follow::yes,
          [this](std::string_view piece) {
            const std::lock_guard lock(mutex_);
            text_ += piece;
            changed_.notify_all();
            return true;
          },
          kDeadline);
    });
  }
  ~Followed() {
    if (thread_.joinable()) thread_.join();
  }
  bool wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return text_.find(text) != std::string::npos; });
  }
  Result<> end() {
    thread_.join();
    return result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  Result<> result_;
  std::thread thread_;
};

TEST_F(ControlSessionTest, ShowsTheLastLinesOfTheLog) {
  LogTee tee(null_sink());
  for (int i = 0; i < 300; ++i)
    tee.on_notice(LogLevel::info, "line " + std::to_string(i));
  const auto server = start({}, &tee);
  std::string text;
  const auto read = ControlClient(instance_).read_log(
      LogFormat::text, Follow::no,
      [&text](std::string_view piece) {
        text += piece;
        return true;
      },
      kDeadline);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_THAT(text, Not(HasSubstr("line 99\n")));
  EXPECT_THAT(text, HasSubstr("line 100\n"));
  EXPECT_TRUE(text.ends_with("line 299\n"));
}

TEST_F(ControlSessionTest, StreamsNewLinesUntilItEnds) {
  LogTee tee(null_sink());
  tee.on_notice(LogLevel::info, "an old one");
  auto server = std::make_unique<ControlServer>(start({}, &tee));
  Followed first(instance_, LogFormat::text);
  Followed second(instance_, LogFormat::json);
  EXPECT_TRUE(first.wait_for("info an old one\n"));
  EXPECT_TRUE(second.wait_for("\"message\":\"an old one\"}\n"));
  tee.on_notice(LogLevel::warn, "a new one");
  EXPECT_TRUE(first.wait_for("warn a new one\n"));
  EXPECT_TRUE(second.wait_for("\"message\":\"a new one\"}\n"));
  server.reset();
  EXPECT_TRUE(first.end());
  EXPECT_TRUE(second.end());
}

TEST_F(ControlSessionTest, FollowerThatDoesNotReadHoldsNobodyUp) {
  LogTee tee(null_sink());
  std::optional<Followed> follower;  // ends with the server
  const auto server = start({}, &tee);
  const auto slow = connect_raw(path_);
  const std::string bytes = request("log", "{\"follow\":true}");
  ::send(slow.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  Followed& quick = follower.emplace(instance_, LogFormat::text);
  tee.on_notice(LogLevel::info, "begin");
  EXPECT_TRUE(quick.wait_for("begin"));
  const std::string line(3'000, 'x');
  for (int i = 0; i < 2'000; ++i)
    tee.on_notice(LogLevel::info, line);
  tee.on_notice(LogLevel::info, "the last one");
  EXPECT_TRUE(quick.wait_for("the last one"));
  // What the slow one reads at last has a gap, and says so.
  std::string text;
  char buffer[65'536];
  while (text.find("the last one") == std::string::npos) {
    const ssize_t count = ::recv(slow.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(count, 0);
    text.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_THAT(text, ::testing::ContainsRegex("warn [0-9]+ log lines dropped"));
  ::shutdown(slow.get(), SHUT_RDWR);
  tee.on_notice(LogLevel::info, "after it");
  EXPECT_TRUE(quick.wait_for("after it"));
}

TEST_F(ControlSessionTest, FollowersLeaveRoomForOthers) {
  LogTee tee(null_sink());
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}}, &tee);
  tee.on_notice(LogLevel::info, "x");
  std::vector<base::UniqueFd> followers;
  const std::string bytes = request("log", "{\"follow\":true}");
  for (int i = 0; i < 8; ++i) {
    followers.push_back(connect_raw(path_));
    ::send(followers.back().get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char buffer[512];
    ASSERT_GT(::recv(followers.back().get(), buffer, sizeof buffer, 0), 0);
  }
  const auto ninth = ControlClient(instance_).read_log(LogFormat::text, Follow::yes, {}, kDeadline);
  ASSERT_FALSE(ninth);
  EXPECT_THAT(ninth.error().context, HasSubstr("8 others"));
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

}  // namespace
}  // namespace cordon::test
