// Origins that break off, talk nonsense or say nothing.
#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class OriginFaults : public test::ProxyTest {};

TEST_F(OriginFaults, H13AFloodOf1xxIsCutOff) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  for (int i = 0; i < 20; ++i)
    origin.send("HTTP/1.1 103 Early Hints\r\n\r\n");
  int passed = 0;
  std::string head;
  while ((head = client_.receive_head()).starts_with("HTTP/1.1 103 "))
    ++passed;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 502 upstream_protocol\r\n")) << head;
  EXPECT_LE(passed, 16);
}

TEST_F(OriginFaults, H13AnswersThatAreNotHttpBecome502) {
  constexpr const char* kNonsense[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: cut in the he",
      "",
  };
  for (const char* answer : kNonsense) {
    Wire origin = send_to_new_origin(request("GET", "/"));
    origin.send(answer);
    origin.end_writing();
    EXPECT_EQ(receive_refusal(), "502 upstream_protocol") << answer;
    EXPECT_TRUE(origin.ends()) << "used again after: " << answer;
  }
}

TEST_F(OriginFaults, H13ABodyThatAHeadDoesNotHaveIsNoAnswerToTheNextRequest) {
  Wire origin = send_to_new_origin(request("HEAD", "/"));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  client_.receive_head();
  Wire second = send_to_new_origin(request("GET", "/"));
  second.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\nok"));
}

// By a reset: for a client that reads until the end, an orderly one would make the answer whole.
TEST_F(OriginFaults, ACutAnswerResetsTheClientsConnection) {
  struct Row {
    const char *version, *answer, *seen_by_client;
  };
  constexpr Row kRows[] = {
      {"HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive.", "\r\n\r\nfive."},
      {"HTTP/1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n", "\r\n\r\n5\r\nfive.\r\n"},
      {"HTTP/1.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n", "\r\n\r\nfive."},
  };
  for (const Row& row : kRows) {
    Wire client = proxy_.connect();
    client.send(request("GET", "/", "", row.version));
    Wire origin = origin_.accept();
    origin.receive_head();
    origin.send(row.answer);
    EXPECT_TRUE(client.receive_to(row.seen_by_client).ends_with(row.seen_by_client)) << row.answer;
    origin.close();
    EXPECT_TRUE(client.ends() && client.was_reset()) << row.answer;
  }
}

TEST_F(OriginFaults, ABrokenChunkAbortsTheClientsConnection) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n");
  EXPECT_TRUE(client_.receive_to("five.\r\n").ends_with("\r\n\r\n5\r\nfive.\r\n"));
  origin.send("zz\r\n0\r\n\r\n");
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends());
}

TEST_F(OriginFaults, AnOriginThatDoesNotListenIs502) {
  origin_.stop_listening();
  client_.send(request("GET", "/"));
  EXPECT_EQ(receive_refusal(), "502 upstream_connect");
  const auto report = proxy_.sink.wait_for(1).front();
  EXPECT_EQ(report.refusal, "upstream_connect");
  EXPECT_FALSE(report.injected);
}

Timeouts impatient() {
  Timeouts timeouts;
  timeouts.response_gap = std::chrono::milliseconds(100);
  return timeouts;
}

class SilentOrigin : public test::ProxyTest {
 protected:
  SilentOrigin() : ProxyTest(test::with_timeouts(impatient())) {}
};

TEST_F(SilentOrigin, AnOriginThatIsSilentIs504) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  EXPECT_EQ(receive_refusal(), "504 upstream_timeout");
  EXPECT_TRUE(origin.ends());
}

TEST_F(SilentOrigin, ABodyThatStopsIsCutOff) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive.");
  EXPECT_TRUE(client_.receive_all().ends_with("\r\n\r\nfive."));
  EXPECT_TRUE(origin.ends());
}

}  // namespace
}  // namespace cordon::proxy
