#include "control/recent_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <thread>
#include <vector>

#include <cordon/control_server.hpp>

#include "base/log_line.hpp"

namespace cordon::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const RecentLog::Time kTime = std::chrono::sys_days(std::chrono::year(2026) / 1 / 2);

RequestEvent request(std::string_view path = "/v1/charges") {
  RequestEvent event;
  event.route = "stripe";
  event.method = "GET";
  event.host = "api.stripe.com";
  event.port = 443;
  event.path = path;
  event.status = 200;
  event.injected = true;
  return event;
}

std::string all(const RecentLog& log, RecentLog::Position& position, LogFormat format = LogFormat::text) {
  std::string lines;
  for (std::string more; !(more = log.read(position, format)).empty();)
    lines += more;
  return lines;
}

bool rings(const RecentLog::Bell& bell) {
  pollfd entry{bell.descriptor(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(RecentLog, ShowsRecordsAsTheLogDoes) {
  RecentLog log(8);
  log.add(request(), kTime);
  log.add(LogLevel::warn, "look out", kTime);
  RecentLog::Position position = log.last(8);
  EXPECT_EQ(all(log, position), base::compose_line(request(), LogFormat::text, kTime) +
                                    base::compose_line(LogLevel::warn, "look out", LogFormat::text, kTime));
}

TEST(RecentLog, ShowsThemAsJson) {
  RecentLog log(8);
  log.add(LogLevel::info, "a \"word\"", kTime);
  RecentLog::Position position = 0;
  EXPECT_EQ(all(log, position, LogFormat::json),
            "{\"time\":\"2026-01-02T00:00:00.000Z\",\"level\":\"info\",\"message\":\"a \\\"word\\\"\"}\n");
}

TEST(RecentLog, KeepsACopyOfWhatItIsGiven) {
  RecentLog log(2);
  for (int i = 0; i < 5; ++i) {  // slots are used again
    std::string path = "/" + std::string(static_cast<std::size_t>(i) * 40, 'p') + std::to_string(i);
    log.add(request(path), kTime);
    path.assign(path.size(), 'X');
  }
  RecentLog::Position position = log.last(1);
  EXPECT_THAT(all(log, position), HasSubstr("p4 200"));
}

TEST(RecentLog, BeginsWithTheLastOnes) {
  RecentLog log(8);
  for (int i = 0; i < 5; ++i)
    log.add(LogLevel::info, "line " + std::to_string(i), kTime);
  RecentLog::Position position = log.last(2);
  const std::string lines = all(log, position);
  EXPECT_THAT(lines, Not(HasSubstr("line 2")));
  EXPECT_THAT(lines, HasSubstr("line 3"));
  EXPECT_THAT(lines, HasSubstr("line 4"));
  EXPECT_EQ(all(log, position), "");
}

TEST(RecentLog, SlowReaderIsToldHowMuchItLost) {
  RecentLog log(4);
  RecentLog::Position position = log.last(4);
  for (int i = 0; i < 10; ++i)
    log.add(LogLevel::info, "line " + std::to_string(i), kTime);
  const std::string lines = all(log, position);
  EXPECT_THAT(lines, HasSubstr("warn 6 log lines dropped\n"));
  EXPECT_THAT(lines, Not(HasSubstr("line 5")));
  EXPECT_THAT(lines, HasSubstr("line 6"));
}

TEST(RecentLog, HugePartsAreCut) {
  RecentLog log(2);
  log.add(request(std::string(100'000, 'p')), kTime);
  log.add(LogLevel::info, std::string(100'000, 'n'), kTime);
  RecentLog::Position position = 0;
  EXPECT_LT(all(log, position).size(), 8'192U);
}

TEST(RecentLog, BellRingsOnceForAnyNumberOfRecords) {
  RecentLog log(4);
  RecentLog::Bell bell(log);
  EXPECT_FALSE(rings(bell));
  for (int i = 0; i < 3; ++i)
    log.add(LogLevel::info, "x", kTime);
  EXPECT_TRUE(rings(bell));
  bell.silence();
  EXPECT_FALSE(rings(bell));
  log.add(LogLevel::info, "x", kTime);
  EXPECT_TRUE(rings(bell));
}

TEST(RecentLog, WritersAndReadersMayBeManyThreads) {
  RecentLog log(64);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&log] {
      for (int n = 0; n < 2'000; ++n)
        log.add(request(), kTime);
    });
  std::size_t read = 0;
  threads.emplace_back([&log, &read] {
    RecentLog::Bell bell(log);
    RecentLog::Position position = 0;
    while (position < 6'000) {
      bell.silence();
      read += all(log, position).size();
    }
  });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_GT(read, 0U);
}

/// Keeps what it is given, from `level` on.
class Recorder final : public EventSink {
 public:
  explicit Recorder(LogLevel level) : level_(level) {}
  void on_request(const RequestEvent& event) noexcept override { seen.emplace_back(event.path); }
  void on_notice(LogLevel /*level*/, std::string_view text) noexcept override { seen.emplace_back(text); }
  bool wants(LogLevel level) const noexcept override { return level >= level_; }
  std::vector<std::string> seen;

 private:
  LogLevel level_;
};

TEST(LogTee, HandsEverythingOn) {
  Recorder inner(LogLevel::info);
  LogTee tee(inner);
  tee.on_request(request("/one"));
  tee.on_notice(LogLevel::warn, "two");
  EXPECT_THAT(inner.seen, ::testing::ElementsAre("/one", "two"));
}

TEST(LogTee, WantsWhatTheInnerOneDoesAndInfo) {
  Recorder quiet(LogLevel::error);
  EXPECT_TRUE(LogTee(quiet).wants(LogLevel::info));
  EXPECT_FALSE(LogTee(quiet).wants(LogLevel::debug));
  Recorder talkative(LogLevel::trace);
  EXPECT_TRUE(LogTee(talkative).wants(LogLevel::trace));
}

}  // namespace
}  // namespace cordon::control
