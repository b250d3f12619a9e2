// What a running proxy refuses, with the code in every place where a client may look for it.
#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::Wire;

ProxySetup with_two_routes() {
  ProxySetup setup;
  Route strict = ProxySetup::make_route("strict", "tls.test");
  strict.allow_plaintext = false;
  strict.ports = {false, {443}};
  setup.config.routes.push_back(std::move(strict));
  setup.config.routes.push_back(ProxySetup::make_route("public", "public.test"));
  return setup;
}

class Refusals : public test::ProxyTest {
 protected:
  Refusals() : ProxyTest(with_two_routes()) {}

  /// Sends `text` on a new connection. @returns the refusal, with `closed` appended when the connection ends after it
  std::string refused(const std::string& text) {
    Wire client = proxy_.connect();
    client.send(text);
    std::string reply = client.receive_message();
    EXPECT_FALSE(has(reply, "canary") || has(reply, "cAnArY")) << reply;  // R10: nothing of the request comes back
    const bool closes = has(reply, "\r\nConnection: close\r\n");
    EXPECT_TRUE(!closes || client.ends());
    return refusal_of(reply) + (closes ? ", closed" : "");
  }

  /// A connection inside which requests go to the plain route.
  Wire open_tunnel() {
    Wire client = proxy_.connect();
    client.send("CONNECT " + authority() + " HTTP/1.1\r\nHost: " + authority() + "\r\n\r\n");
    EXPECT_TRUE(client.receive_head().starts_with("HTTP/1.1 200 "));
    return client;
  }
};

constexpr std::string_view kCanary =
    "X-Canary: canary-field\r\nAuthorization: Bearer canary-token\r\nCookie: cAnArY\r\n\r\n";

TEST_F(Refusals, R10EachNamesItsCodeAndRepeatsNothing) {
  struct Row {
    const char *start, *expected;
  };
  const std::string own = std::to_string(proxy_.server->port());
  constexpr Row kRows[] = {
      // Own endpoints (D8, D19).
      {"GET / HTTP/1.1\r\nHost: origin.test\r\n", "404 not_found"},
      {"GET /canary?canary HTTP/1.1\r\nHost: tls.test\r\n", "404 not_found"},
      {"GET /health HTTP/1.1\r\nHost: rebound.test\r\n", "421 misdirected, closed"},
      {"POST /health HTTP/1.1\r\nHost: localhost\r\n", "405 method_refused"},
      // Framing (H1 to H4).
      {"GET http://origin.test/ HTTP/1.1\r\n", "400 bad_request, closed"},
      {"GET http://origin.test/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400 bad_request, closed"},
      {"GET http://origin.test/ HTTP/1.1\r\nHost: a\nX: b\r\n", "400 bad_request, closed"},
      {"GET http://origin.test/ HTTP/1.1\r\nHost: a\r\nX : b\r\n", "400 bad_request, closed"},
      {"GET http://origin.test/ HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n", "400 bad_request, closed"},
      {"POST http://origin.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n", "400 bad_request, closed"},
      {"POST http://origin.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
       "400 bad_request, closed"},
      {"POST http://origin.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n", "400 bad_request, closed"},
      {"canary canary canary\r\n", "400 bad_request, closed"},
      // Targets (D6, D13).
      {"GET https://tls.test/ HTTP/1.1\r\nHost: tls.test\r\n", "400 bad_request, closed"},
      {"GET ftp://tls.test/ HTTP/1.1\r\nHost: tls.test\r\n", "400 bad_request, closed"},
      {"GET http://canary@origin.test/ HTTP/1.1\r\nHost: a\r\n", "400 bad_request, closed"},
      {"CONNECT route..test:443 HTTP/1.1\r\nHost: a\r\n", "400 bad_request, closed"},
      {"CONNECT tls.test HTTP/1.1\r\nHost: a\r\n", "400 bad_request, closed"},
      {"CONNECT tls.test%2e:443 HTTP/1.1\r\nHost: a\r\n", "400 bad_request, closed"},
      // Methods (H14).
      {"TRACE http://origin.test/ HTTP/1.1\r\nHost: a\r\n", "405 method_refused"},
      // Routes without plaintext (F5, D6).
      {"GET http://tls.test/ HTTP/1.1\r\nHost: tls.test\r\n", "403 plaintext_refused"},
      {"GET http://TLS.test.:443/ HTTP/1.1\r\nHost: tls.test\r\n", "403 plaintext_refused"},
      {"CONNECT tls.test:80 HTTP/1.1\r\nHost: tls.test\r\n", "403 plaintext_refused"},
      // A credential in plaintext would go to a public address.
      {"GET http://public.test/ HTTP/1.1\r\nHost: public.test\r\n", "403 plaintext_refused"},
      // The denylist (S1, S2, D14).
      {"CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
      {"CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
      {"CONNECT [::ffff:10.0.0.1]:443 HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
      {"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
      {"GET http://10.0.0.1/canary HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
      {"CONNECT no-such-host.invalid:443 HTTP/1.1\r\nHost: a\r\n", "502 upstream_dns"},
      {"GET http://localhost/ HTTP/1.1\r\nHost: a\r\n", "403 destination_denied"},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(refused(row.start + std::string(kCanary)), row.expected) << row.start;
  EXPECT_EQ(refused("GET http://origin.test:" + own + "/health HTTP/1.1\r\nHost: a\r\n" + std::string(kCanary)),
            "403 plaintext_refused")
      << "S4: the proxy's own port, even by a route's name";
  EXPECT_FALSE(origin_.is_called(20));
}

TEST_F(Refusals, S2OddNumberFormsReachNothing) {
  for (const char* host : {"0x7f.1", "2130706433", "0177.0.0.1", "127.1", "[fe80::1%25eth0]"}) {
    const std::string answer = refused("CONNECT " + std::string(host) + ":443 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("400 bad_request") || answer.starts_with("403 destination_denied"))
        << host << answer;
  }
}

TEST_F(Refusals, H10OversizedHeadsAreRefusedAtTheBound) {
  const std::string much(100 * 1024, 'a');
  EXPECT_EQ(refused("GET http://origin.test/" + much + " HTTP/1.1\r\nHost: a\r\n\r\n"), "414 head_too_large, closed");
  EXPECT_EQ(refused("GET http://origin.test/ HTTP/1.1\r\nHost: a\r\nX: " + much + "\r\n\r\n"),
            "431 head_too_large, closed");
  std::string many = "GET http://origin.test/ HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 10'000; ++i)
    many += "X: 1\r\n";
  EXPECT_EQ(refused(many + "\r\n"), "431 head_too_large, closed");
}

TEST_F(Refusals, ARefusalKeepsTheConnectionWhereNothingIsLeftToRead) {
  client_.send("GET http://10.0.0.1/ HTTP/1.1\r\nHost: a\r\n\r\nCONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(receive_refusal(), "403 destination_denied");
  EXPECT_EQ(receive_refusal(), "403 destination_denied");
  client_.send(request("GET", "/"));
  Wire origin = origin_.accept();
  EXPECT_TRUE(has(origin.receive_head(), test::kSecret));
}

TEST_F(Refusals, F3ABodyThatIsNotReadClosesTheConnectionAndIsNoRequest) {
  client_.send("POST http://10.0.0.1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
               request("GET", "/smuggled"));
  const std::string reply = client_.receive_message();
  EXPECT_EQ(refusal_of(reply), "403 destination_denied");
  EXPECT_TRUE(has(reply, "Connection: close\r\n"));
  EXPECT_TRUE(client_.ends());
  EXPECT_FALSE(origin_.is_called(20));
}

TEST_F(Refusals, BytesAheadOfARefusedConnectAreNoRequest) {
  for (const char* target : {"127.0.0.1:443", "tls.test:80", "no-such-host.invalid:443"}) {
    Wire client = proxy_.connect();
    client.send("CONNECT " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n" + request("GET", "/smuggled"));
    const std::string reply = client.receive_message();
    EXPECT_FALSE(reply.starts_with("HTTP/1.1 200")) << target;
    EXPECT_TRUE(has(reply, "\r\nConnection: close\r\n")) << reply;
    EXPECT_TRUE(client.ends()) << target;
  }
  EXPECT_FALSE(origin_.is_called(20));
}

TEST_F(Refusals, ARefusedHeadHasNoBody) {
  client_.send("HEAD http://10.0.0.1/ HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 403 destination_denied\r\n"));
  client_.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(receive_refusal(), "404 not_found");
}

TEST_F(Refusals, D1AnotherHostInsideATunnelIsMisdirected) {
  for (const char* host : {"tls.test", "tls.test:443", "origin.test:1", "127.0.0.1"}) {
    Wire client = open_tunnel();
    client.send("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(refusal_of(client.receive_message()), "421 misdirected") << host;
    EXPECT_TRUE(client.ends());
  }
  EXPECT_FALSE(origin_.is_called(20));
}

TEST_F(Refusals, D2ALaterRequestForAnotherHostIsMisdirected) {
  Wire client = open_tunnel();
  client.send("GET /1 HTTP/1.1\r\nHost: " + authority() + "\r\n\r\n");
  Wire origin = origin_.accept();
  EXPECT_TRUE(has(origin.receive_head(), test::kSecret));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  client.receive_message();
  client.send("GET /2 HTTP/1.1\r\nHost: tls.test\r\n\r\n");
  EXPECT_EQ(refusal_of(client.receive_message()), "421 misdirected");
  EXPECT_TRUE(client.ends());
  EXPECT_TRUE(origin.is_silent(20)) << "the second request reached the origin";
}

TEST_F(Refusals, H14SomeMethodsAreNotForwardedInsideATunnel) {
  for (const char* line : {"TRACE /", "CONNECT origin.test:443"}) {
    Wire client = open_tunnel();
    client.send(std::string(line) + " HTTP/1.1\r\nHost: " + authority() + "\r\n\r\n");
    EXPECT_EQ(refusal_of(client.receive_message()), "405 method_refused") << line;
  }
}

TEST_F(Refusals, InsideATunnelTheTargetIsAPath) {
  Wire client = open_tunnel();
  client.send(request("GET", "/"));
  EXPECT_EQ(refusal_of(client.receive_message()), "400 bad_request");
  EXPECT_TRUE(client.ends());
}

TEST_F(Refusals, F5PlaintextInsideATunnelNeedsTheRoutesConsent) {
  client_.send("CONNECT tls.test:443 HTTP/1.1\r\nHost: tls.test\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  client_.send("GET / HTTP/1.1\r\nHost: tls.test\r\n\r\n");
  EXPECT_EQ(receive_refusal(), "403 plaintext_refused");
}

TEST_F(Refusals, D16BytesInTheSegmentOfTheConnectAreNotLost) {
  client_.send("CONNECT " + authority() + " HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: " + authority() +
               "\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  Wire origin = origin_.accept();
  EXPECT_TRUE(origin.receive_head().starts_with("GET / "));
}

TEST_F(Refusals, HealthNamesTheInstanceAndAnswersHeadWithoutABody) {
  client_.send("HEAD /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_TRUE(has(client_.receive_head(), "\r\nCordon-Instance: unit\r\n"));
  client_.send("GET /health?x HTTP/1.1\r\nHost: [::1]:1\r\n\r\n");
  EXPECT_TRUE(client_.receive_message().ends_with("{\"status\":\"ok\"}\n"));
  client_.send("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client_.receive_all().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(RefusalsOfAStore, F1WithoutItsSecretARequestIsNotForwarded) {
  /// Answers at the start and never again.
  class Forgetful final : public SecretSource {
   public:
    Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
      if (fetched_.exchange(true)) return fail(Errc::store_unavailable, "it is locked");
      return Secret(test::kSecret);
    }
    FetchCost cost() const noexcept override { return FetchCost::immediate; }

   private:
    mutable std::atomic<bool> fetched_ = false;
  };
  ProxySetup setup;
  setup.source = std::make_unique<Forgetful>();
  test::RunningProxy proxy(std::move(setup));
  test::ManualOrigin origin;
  Wire client = proxy.connect();
  const std::string authority = "origin.test:" + std::to_string(origin.port());
  client.send("GET http://" + authority + "/ HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
  const std::string reply = client.receive_message();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 503 secret_unavailable\r\n")) << reply;
  EXPECT_NE(reply.find("\"route\":\"plain\""), std::string::npos) << reply;
  EXPECT_EQ(reply.find("locked"), std::string::npos) << "why is for the log only";
  EXPECT_NE(proxy.sink.notices().find("locked"), std::string::npos);
  EXPECT_FALSE(origin.is_called(20));
}

TEST(RefusalsWithoutTls, AConnectToARouteIsRefused) {
  ProxySetup setup;
  setup.with_ca = false;
  const test::RunningProxy proxy(std::move(setup));
  Wire client = proxy.connect();
  client.send("CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test\r\n\r\n");
  EXPECT_TRUE(client.receive_message().starts_with("HTTP/1.1 403 tls_disabled\r\n"));
}

}  // namespace
}  // namespace cordon::proxy
