#include "control/status_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordon::control {
namespace {

TEST(StatusJson, ARequestComesOutAsItWentIn) {
  const auto request = parse_request(to_json(Request{.config = "/shop/cordon.toml",
                                                     .name = "stripe",
                                                     .mode = StopMode::immediate,
                                                     .format = LogFormat::json,
                                                     .follow = Follow::yes}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->config, "/shop/cordon.toml");
  EXPECT_EQ(request->name, "stripe");
  EXPECT_EQ(request->mode, StopMode::immediate);
  EXPECT_EQ(request->format, LogFormat::json);
  EXPECT_EQ(request->follow, Follow::yes);
}

TEST(StatusJson, WhatARequestLeavesOutIsAsUsual) {
  const auto request = parse_request("{}");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->config, "");
  EXPECT_EQ(request->mode, StopMode::graceful);
  EXPECT_EQ(request->format, LogFormat::text);
  EXPECT_EQ(request->follow, Follow::no);
}

TEST(StatusJson, ARequestWithMembersOfOtherTypesIsRefused) {
  for (const char* text : {"", "[]", "7", "{", "{\"config\":7}", "{\"follow\":\"yes\"}", "{\"mode\":null}"}) {
    const auto request = parse_request(text);
    ASSERT_FALSE(request) << text;
    EXPECT_EQ(request.error().code, Errc::bad_request) << text;
  }
}

std::string status_with(std::string_view started) {
  return "{\"pid\":1,\"version\":\"v\",\"config\":\"/c\",\"socket\":\"/s\",\"instance\":\"i\",\"port\":1,"
         "\"started\":\"" +
         std::string(started) +
         "\",\"reloads\":0,\"connections\":0,\"tokens_enforced\":false,\"unmatched\":0,\"routes\":[],\"listeners\":[]}";
}

TEST(StatusJson, TakesTimesThatAreTimesOnly) {
  EXPECT_TRUE(parse_status(status_with("2026-11-22T11:08:43.456Z")));
  EXPECT_TRUE(parse_status(status_with("2024-02-29T23:59:59.999Z")));
  for (const char* time : {"", "2026-11-22", "2026-13-22T11:08:43.456Z", "2026-02-29T11:08:43.456Z",
                           "2026-11-22T24:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z",
                           "-026-11-22T11:08:43.456Z", "2026-11-22T11:08:43.x56Z"}) {
    const auto status = parse_status(status_with(time));
    ASSERT_FALSE(status) << time;
    EXPECT_EQ(status.error().code, Errc::upstream_protocol) << time;
  }
}

TEST(StatusJson, ReportsOfOtherShapesAreNotUnderstood) {
  for (const char* text : {"", "{}", "[]", "{\"warnings\":{}}", "{\"warnings\":[7]}", "{\"warnings\":\"x\"}"})
    EXPECT_EQ(parse_report(text).error().code, Errc::upstream_protocol) << text;
  for (const char* text : {"", "{}", "{\"known\":1}", "{\"known\":\"true\"}"})
    EXPECT_EQ(parse_known(text).error().code, Errc::upstream_protocol) << text;
  EXPECT_TRUE(parse_known(known_to_json(true)).value());
  EXPECT_FALSE(parse_known(known_to_json(false)).value());
}

TEST(StatusJson, ErrorsAreAtLeastOne) {
  for (const char* text :
       {"", "{}", "{\"errors\":[]}", "{\"errors\":[{}]}", "{\"errors\":[{\"code\":1,\"message\":\"\"}]}"})
    EXPECT_EQ(parse_errors(text).error().code, Errc::upstream_protocol) << text;
}

TEST(StatusJson, ErrorOfACodeThatIsNotKnownHereIsInternal) {
  const auto errors = parse_errors("{\"errors\":[{\"code\":\"of_tomorrow\",\"message\":\"what it is\"}]}");
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->front().code, Errc::internal);
  EXPECT_EQ(errors->front().context, "what it is");
}

InstanceStatus with_a_listener() {
  ListenerStatus listener;
  listener.name = "db \"main\"";
  listener.port = 15'432;
  listener.upstream = "db.example:5432";
  listener.approved = false;
  listener.open = 2;
  listener.sessions = 7'000'000'000;
  listener.refused = 3;
  listener.last_login = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'790'000'000'123));
  listener.secret.source = "environment variable DB_PASSWORD";
  listener.secret.held = true;
  listener.secret.took = std::chrono::milliseconds(12);
  InstanceStatus status{.pid = 1, .version = "v", .config = "/c", .socket = "/s", .proxy = {}};
  status.proxy.listeners.push_back(std::move(listener));
  return status;
}

TEST(StatusJson, ListenersComeOutAsTheyWentIn) {
  InstanceStatus status = with_a_listener();
  status.proxy.listeners.emplace_back().name = "unused";
  const auto read = parse_status(to_json(status));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->proxy.listeners.size(), 2U);
  const ListenerStatus& listener = read->proxy.listeners.front();
  const ListenerStatus& wanted = status.proxy.listeners.front();
  EXPECT_EQ(listener.name, wanted.name);
  EXPECT_EQ(listener.port, wanted.port);
  EXPECT_EQ(listener.upstream, wanted.upstream);
  EXPECT_EQ(listener.approved, wanted.approved);
  EXPECT_EQ(listener.open, wanted.open);
  EXPECT_EQ(listener.sessions, wanted.sessions);
  EXPECT_EQ(listener.refused, wanted.refused);
  EXPECT_EQ(listener.last_login, wanted.last_login);
  EXPECT_EQ(listener.secret.source, wanted.secret.source);
  EXPECT_EQ(listener.secret.held, wanted.secret.held);
  EXPECT_EQ(listener.secret.took, wanted.secret.took);
  EXPECT_EQ(read->proxy.listeners.back().name, "unused");
  EXPECT_EQ(read->proxy.listeners.back().last_login, std::nullopt);
}

TEST(StatusJson, OfAVersionWithoutListenersIsOneWithNone) {
  std::string text = status_with("2026-11-22T11:08:43.456Z");
  const std::string_view listeners = ",\"listeners\":[]";
  const auto at = text.find(listeners);
  ASSERT_NE(at, std::string::npos) << text;
  const auto status = parse_status(text.erase(at, listeners.size()));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->version, "v");
  EXPECT_TRUE(status->proxy.listeners.empty());
}

TEST(StatusJson, RoutesAreNeverLeftOut) {
  std::string text = status_with("2026-11-22T11:08:43.456Z");
  const std::string_view routes = ",\"routes\":[]";
  const auto at = text.find(routes);
  ASSERT_NE(at, std::string::npos) << text;
  const auto status = parse_status(text.erase(at, routes.size()));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::upstream_protocol);
}

TEST(StatusJson, AListenerOfAnotherShapeIsNotUnderstood) {
  const std::string good = to_json(with_a_listener());
  ASSERT_TRUE(parse_status(good));
  const std::pair<std::string, std::string> changes[] = {
      {"\"port\":15432", "\"port\":\"15432\""},       {"\"upstream\":", "\"upstream_host\":"},
      {"\"approved\":false", "\"approved\":0"},       {"\"open\":2", "\"open\":null"},
      {"\"sessions\":7000000000", "\"sessions\":[]"}, {"\"last_login\":\"2", "\"last_login\":\"x"},
      {"\"held\":true", "\"held\":\"true\""},         {"\"listeners\":[", "\"listeners\":[7,"},
  };
  for (const auto& [from, to] : changes) {
    std::string text = good;
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << text;
    const auto status = parse_status(text.replace(at, from.size(), to));
    ASSERT_FALSE(status) << to;
    EXPECT_EQ(status.error().code, Errc::upstream_protocol) << to;
  }
}

}  // namespace
}  // namespace cordon::control
