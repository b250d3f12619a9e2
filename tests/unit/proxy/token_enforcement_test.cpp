// Tokens, as clients of a running proxy meet them.
#include <sys/stat.h>

#include <chrono>

#include <gtest/gtest.h>
#include <cordon/token_set.hpp>

#include "http1/base64.hpp"
#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ProxySetup with_tokens(const std::filesystem::path& path) {
  ProxySetup setup;
  setup.options.tokens = path;
  setup.config.routes.push_back(ProxySetup::make_route("other", "tls.test"));
  return setup;
}

struct TokenFolder {
  test::TempDir dir;
  TokenFile file{dir / "state/tokens.toml"};
};

class Enforcement : private TokenFolder, public test::ProxyTest {
 protected:
  Enforcement() : test::ProxyTest(with_tokens(file.path())) {}

  TokenFile& tokens() { return file; }
  const std::filesystem::path& path() { return file.path(); }

  /// The field line with which a client shows a token.
  std::string shown(std::string_view name = kDefaultToken, std::string_view instance = "unit") {
    const auto value = file.value(name);
    EXPECT_TRUE(value) << value.error().context;
    return value ? field(std::string(instance) + ":" + std::string(value->reveal())) : std::string();
  }
  static std::string field(std::string_view credential, std::string_view scheme = "Basic") {
    std::string coded(http1::base64_size(credential.size()), '\0');
    http1::write_base64({credential}, coded.data());
    return "Proxy-Authorization: " + std::string(scheme) + " " + coded + "\r\n";
  }

  static std::string connect_request(std::string_view to, std::string_view fields = "") {
    return "CONNECT " + std::string(to) + " HTTP/1.1\r\nHost: " + std::string(to) + "\r\n" + std::string(fields) +
           "\r\n";
  }

  /// One request that the origin answers, on the client's connection.
  void expect_served(Wire& origin, std::string_view path, std::string_view fields) {
    client_.send(request("GET", path, fields));
    if (!origin.connected()) origin = origin_.accept();
    seen_ = origin.receive_head();
    EXPECT_TRUE(has(seen_, test::kSecret)) << seen_;
    EXPECT_FALSE(has(seen_, "Proxy-Authorization")) << seen_;  // H8, D17
    origin.send(kOk);
    EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  }

  std::string refusal_to(std::string_view text) {
    client_.send(text);
    return receive_refusal();
  }
};

TEST_F(Enforcement, OpenModeDropsTheFieldUnread) {
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/1", "");
  expect_served(origin, "/2", "Proxy-Authorization: nonsense\r\nProxy-Authorization: Basic !!\r\n");
  EXPECT_FALSE(proxy_.server->status().tokens_enforced);
}

TEST_F(Enforcement, AFileThatAppearsAsksTheNextRequestForAToken_D9) {
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/open", "");
  ASSERT_TRUE(tokens().create("codex", {}));
  EXPECT_EQ(refusal_to(request("GET", "/", "Origin: https://elsewhere.example\r\n")), "407 token_required");
  expect_served(origin, "/default", shown());
  expect_served(origin, "/codex", shown("codex"));
  EXPECT_TRUE(proxy_.server->status().tokens_enforced);
  const auto reports = proxy_.sink.wait_for(4);
  EXPECT_EQ(reports[1].refusal, "token_required");
  EXPECT_EQ(reports[1].token, "");
  EXPECT_EQ(reports[2].token, "default");
  EXPECT_EQ(reports[3].token, "codex");
}

TEST_F(Enforcement, K3A407KeepsTheConnectionForTheRetry) {
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  client_.send(request("GET", "/"));
  const std::string reply = client_.receive_message();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 407 token_required\r\n")) << reply;
  EXPECT_TRUE(has(reply, "\r\nProxy-Authenticate: Basic realm=\"cordon\"\r\n")) << reply;
  EXPECT_TRUE(has(reply, "\r\nConnection: keep-alive\r\n")) << reply;
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/again", shown());
  // The same for CONNECT, on the same connection still.
  EXPECT_EQ(refusal_to(connect_request("tls.test:443")), "407 token_required");
  EXPECT_EQ(refusal_to(connect_request("tls.test:443", field("unit:cdn_x"))), "407 token_invalid");
  client_.send(connect_request("tls.test:443", shown()));
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
}

TEST_F(Enforcement, K3ARefusedConnectWithBytesAheadIsClosed) {
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  EXPECT_EQ(refusal_to(connect_request("tls.test:443") + request("GET", "/smuggled", shown())), "407 token_required");
  EXPECT_TRUE(client_.ends());
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Enforcement, K2MalformedAndRepeatedFieldsAre407) {
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  const std::string good = shown();
  const std::string value(tokens().value(kDefaultToken).value().reveal());
  const std::string bad[] = {good + good,
                             "Proxy-Authorization: Bearer " + value + "\r\n",
                             "Proxy-Authorization: Basic !!!\r\n",
                             "Proxy-Authorization:\r\n",
                             field("unit"),
                             field(":" + value),
                             field(std::string("unit:\0", 6) + value)};
  for (const std::string& fields : bad) {
    EXPECT_EQ(refusal_to(request("GET", "/", fields)), "407 token_malformed") << fields;
    EXPECT_EQ(refusal_to(connect_request("tls.test:443", fields)), "407 token_malformed") << fields;
    EXPECT_EQ(refusal_to("GET http://public.test/ HTTP/1.1\r\nHost: public.test\r\n" + fields + "\r\n"),
              "407 token_malformed");
  }
  EXPECT_FALSE(origin_.is_called());
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/", "pRoXy-AuThOrIzAtIoN: bAsIc " + good.substr(good.find("Basic ") + 6));
}

TEST_F(Enforcement, K8TheRightTokenOfAnotherInstanceIs407) {
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  EXPECT_EQ(refusal_to(request("GET", "/", shown(kDefaultToken, "other"))), "407 token_invalid");
  EXPECT_EQ(refusal_to(connect_request("tls.test:443", shown(kDefaultToken, "Unit"))), "407 token_invalid");
}

TEST_F(Enforcement, K7ATokenForRouteAOnRouteBIs403) {
  ASSERT_TRUE(tokens().create("scoped", {"plain"}));
  EXPECT_EQ(refusal_to(connect_request("tls.test:443", shown("scoped"))), "403 token_scope");
  EXPECT_EQ(refusal_to("GET http://tls.test/ HTTP/1.1\r\nHost: tls.test\r\n" + shown("scoped") + "\r\n"),
            "403 token_scope");
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/", shown("scoped"));
}

TEST_F(Enforcement, AnUnmatchedRequestNeedsNoTokenButMayShowNoBadOne) {
  ASSERT_TRUE(tokens().create("scoped", {"plain"}));
  // 203.0.113.7 answers to nobody here: that it is dialled, in place of a 407, is what counts.
  EXPECT_EQ(refusal_to("CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n"), "403 destination_denied");
  EXPECT_EQ(refusal_to("CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n" + shown("scoped") + "\r\n"),
            "403 destination_denied");
  EXPECT_EQ(refusal_to("CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n" + field("unit:cdn_x") + "\r\n"),
            "407 token_invalid");
  EXPECT_EQ(refusal_to("GET http://10.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n"), "403 destination_denied");
}

TEST_F(Enforcement, F4K5StaysClosedWhateverBecomesOfTheFile) {
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  const std::string good = shown();
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/", good);
  ::chmod(path().c_str(), 0644);
  EXPECT_EQ(refusal_to(request("GET", "/", good)), "407 token_invalid");
  EXPECT_TRUE(has(proxy_.sink.notices(), "chmod 600")) << proxy_.sink.notices();
  ::chmod(path().c_str(), 0600);
  expect_served(origin, "/again", good);
  std::filesystem::resize_file(path(), 0);
  EXPECT_EQ(refusal_to(request("GET", "/", good)), "407 token_invalid");
  std::filesystem::remove(path());
  EXPECT_EQ(refusal_to(request("GET", "/", good)), "407 token_invalid");
  EXPECT_EQ(refusal_to(request("GET", "/")), "407 token_required");
  std::filesystem::remove_all(path().parent_path());
  EXPECT_EQ(refusal_to(connect_request("tls.test:443")), "407 token_required");
}

TEST_F(Enforcement, K4ARotatedTokenIsRefusedOnTheNextRequestOfTheSameConnection) {
  ASSERT_TRUE(tokens().create("codex", {}));
  const std::string before = shown("codex");
  Wire origin{base::UniqueFd()};
  expect_served(origin, "/", before);
  ASSERT_TRUE(tokens().rotate("codex"));
  EXPECT_EQ(refusal_to(request("GET", "/", before)), "407 token_invalid");
  expect_served(origin, "/", shown("codex"));
}

/// An intercepted connection without TLS: the route allows that.
TEST_F(Enforcement, K4ARequestInsideATunnelNeedsTheTokenToBeGoodStill) {
  ASSERT_TRUE(tokens().create("codex", {"plain"}));
  client_.send(connect_request(authority(), shown("codex")));
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  const std::string inner =
      "GET / HTTP/1.1\r\nHost: " + authority() + "\r\nProxy-Authorization: dropped unread\r\n\r\n";
  client_.send(inner);
  Wire origin = origin_.accept();
  seen_ = origin.receive_head();
  EXPECT_FALSE(has(seen_, "Proxy-Authorization"));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  ASSERT_TRUE(tokens().create("unrelated", {}));
  client_.send(inner);
  origin.receive_head();
  ASSERT_TRUE(tokens().revoke("codex"));  // while a request is under way: that one ends as it began
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  EXPECT_TRUE(client_.ends());
  const auto reports = proxy_.sink.wait_for(3);
  EXPECT_EQ(reports[0].token, "codex");
  EXPECT_EQ(reports[1].token, "codex");
  EXPECT_EQ(reports[2].method, "CONNECT");
  EXPECT_EQ(reports[2].token, "codex");
}

TEST_F(Enforcement, K4ATunnelOfARevokedTokenEndsWithinASecond) {
  ASSERT_TRUE(tokens().create("codex", {}));
  client_.send(connect_request(authority(), shown("codex")));
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  Wire kept = proxy_.connect();
  kept.send(connect_request(authority(), shown()));
  EXPECT_TRUE(kept.receive_head().starts_with("HTTP/1.1 200 "));
  ASSERT_TRUE(tokens().revoke("codex"));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(client_.ends());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_TRUE(kept.is_silent(300));
}

TEST_F(Enforcement, K4AWebSocketOfARevokedTokenEndsWithinASecond) {
  ASSERT_TRUE(tokens().create("codex", {}));
  const std::string ask =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  Wire origin = send_to_new_origin(request("GET", "/", ask + shown("codex")));
  origin.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 101 "));
  ASSERT_TRUE(tokens().revoke("codex"));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(Enforcement, TurnedOnItEndsTunnelsToRoutesThatWereOpenedWithoutAToken) {
  client_.send(connect_request(authority()));
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  EXPECT_TRUE(client_.ends());
}

TEST_F(Enforcement, MetricsNeedATokenAndHealthNone) {
  const auto ask = [](std::string_view path, std::string_view fields) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(fields) + "\r\n";
  };
  client_.send(ask("/metrics", ""));
  EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 "));
  ASSERT_TRUE(tokens().rotate(kDefaultToken));
  EXPECT_EQ(refusal_to(ask("/metrics", "")), "407 token_required");
  EXPECT_EQ(refusal_to(ask("/metrics", field("unit:cdn_x"))), "407 token_invalid");
  for (const std::string& fields : {shown(), shown().substr(6)}) {  // Proxy-Authorization, and Authorization
    client_.send(ask("/metrics", fields));
    EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 ")) << fields;
  }
  client_.send(ask("/health", ""));
  EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace cordon::proxy
