// Requests and responses through a running proxy: the test plays the client and the origin.
#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Exchange : public test::ProxyTest {};

TEST_F(Exchange, H6PutsTheCredentialInPlaceOfTheClientsOwn) {
  Wire origin = send_to_new_origin(
      request("GET", "/a?b=c", "authorization: Bearer dummy\r\nX-Kept: 1\r\nAUTHORIZATION: Basic eDp5\r\n"));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\nok"));
  EXPECT_TRUE(seen_.starts_with("GET /a?b=c HTTP/1.1\r\nHost: " + authority() + "\r\n")) << seen_;
  EXPECT_TRUE(has(seen_, "\r\nAuthorization: Bearer " + std::string(test::kSecret) + "\r\n")) << seen_;
  EXPECT_FALSE(has(seen_, "dummy") || has(seen_, "eDp5")) << seen_;
  EXPECT_TRUE(has(seen_, "\r\nX-Kept: 1\r\n"));
  const auto report = proxy_.sink.wait_for(1).front();
  EXPECT_EQ(report.route, "plain");
  EXPECT_EQ(report.path, "/a");
  EXPECT_EQ(report.status, 200);
  EXPECT_EQ(report.down, 2U);
  EXPECT_TRUE(report.injected);
}

TEST_F(Exchange, D7TheTargetDecidesAndHostIsRewritten) {
  client_.send("GET http://" + authority() + " HTTP/1.1\r\nHost: elsewhere.test\r\nProxy-Connection: x\r\n\r\n");
  Wire origin = origin_.accept();
  const std::string head = origin.receive_head();
  EXPECT_TRUE(head.starts_with("GET / HTTP/1.1\r\nHost: " + authority() + "\r\n")) << head;
  EXPECT_FALSE(has(head, "elsewhere") || has(head, "Proxy-Connection")) << head;
}

TEST_F(Exchange, ServesSeveralRequestsOverOneConnectionToTheOrigin) {
  Wire origin = send_to_new_origin(request("GET", "/0"));
  for (int i = 1; i <= 5; ++i) {
    origin.send(kOk);
    EXPECT_TRUE(client_.receive_message().ends_with("ok"));
    client_.send(request("GET", "/" + std::to_string(i)));
    EXPECT_TRUE(origin.receive_head().starts_with("GET /" + std::to_string(i)));
  }
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Exchange, AnotherClientUsesTheSameConnectionToTheOrigin) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  Wire other = proxy_.connect();
  proxy_.sink.wait_for(1);  // the connection is back in the pool
  other.send(request("GET", "/2"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /2"));
}

/// What an origin may answer so that its connection is not used again.
TEST_F(Exchange, AnOriginThatWillCloseIsNotAskedAgain) {
  for (const char* fields : {"Connection: close\r\n", "Keep-Alive: timeout=1\r\n"}) {
    Wire origin = send_to_new_origin(request("GET", "/"));
    origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + std::string(fields) + "\r\n");
    client_.receive_message();
    EXPECT_TRUE(origin.ends()) << fields;
  }
}

TEST_F(Exchange, AnswersToHeadHaveNoBodyWhateverTheirLength) {
  Wire origin = send_to_new_origin(request("HEAD", "/"));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
  EXPECT_TRUE(has(client_.receive_head(), "Content-Length: 5000\r\n"));
  client_.send(request("GET", "/next"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /next"));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\nok"));
}

TEST_F(Exchange, StatusesWithoutABodyKeepBothConnections) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    origin.send("HTTP/1.1 " + std::string(status) + "\r\n\r\n");
    EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 " + std::string(status)));
    client_.send(request("GET", "/"));
    EXPECT_TRUE(origin.receive_head().starts_with("GET / "));
  }
}

TEST_F(Exchange, ChunkedAnswersStreamAsTheyCome) {
  Wire origin = send_to_new_origin(request("GET", "/", "TE: trailers\r\n"));
  origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  EXPECT_TRUE(has(client_.receive_head(), "Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client_.receive_to("first\r\n"), "5\r\nfirst\r\n");  // while the origin has more to say
  origin.send("6\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(client_.receive_to("\r\n\r\n"), "6\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n");
  client_.send(request("GET", "/next"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /next"));
}

TEST_F(Exchange, AnHttp10ClientGetsNoChunksAndNo1xx) {
  Wire origin = send_to_new_origin(request("GET", "/", "", "HTTP/1.0"));
  origin.send("HTTP/1.1 103 Early Hints\r\n\r\n");
  origin.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
  const std::string reply = client_.receive_all();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_FALSE(has(reply, "Transfer-Encoding")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nfirstsecond")) << reply;
}

TEST_F(Exchange, AnHttp10ClientKeepsItsConnectionWhenItAsks) {
  Wire origin = send_to_new_origin(request("GET", "/", "Connection: keep-alive\r\n", "HTTP/1.0"));
  EXPECT_TRUE(seen_.starts_with("GET / HTTP/1.1\r\n"));
  origin.send(kOk);
  EXPECT_TRUE(has(client_.receive_message(), "Connection: keep-alive\r\n"));
  client_.send(request("GET", "/next", "", "HTTP/1.0"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /next"));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_all().ends_with("ok"));
}

TEST_F(Exchange, ABodyUntilCloseEndsTheClientsConnection) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  origin.close();
  const std::string reply = client_.receive_all();
  EXPECT_TRUE(has(reply, "Connection: close\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nall of it")) << reply;
}

TEST_F(Exchange, InformationalAnswersArePassedOnInOrder) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + std::string(kOk));
  EXPECT_EQ(client_.receive_head(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 102 Processing\r\n"));
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\nok"));
}

// The origin closes an idle connection at the moment it is used again.
TEST_F(Exchange, ASafeRequestIsRepeatedOnceWhenAUsedConnectionIsClosed) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  client_.send(request("GET", "/2"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /2"));
  origin.close();
  Wire second = origin_.accept();
  seen_ = second.receive_head();
  EXPECT_TRUE(seen_.starts_with("GET /2"));
  EXPECT_TRUE(has(seen_, test::kSecret));
  second.close();  // a new connection that fails too: not a third time
  EXPECT_EQ(receive_refusal(), "502 upstream_protocol");
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Exchange, APostIsNotRepeated) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  client_.send(request("POST", "/2", "Content-Length: 4\r\n") + "once");
  origin.receive_to("once");
  origin.close();
  EXPECT_EQ(receive_refusal(), "502 upstream_protocol");
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Exchange, ABodyThatHasGoneByIsNotRepeatedInPart) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  client_.send(request("PUT", "/2", "Content-Length: 8\r\n") + "half");
  origin.receive_to("half");
  client_.send("more");
  origin.receive_to("more");
  origin.close();
  EXPECT_EQ(receive_refusal(), "502 upstream_protocol");
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Exchange, AConnectionThatTheOriginClosedWhileIdleIsNotUsed) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  proxy_.sink.wait_for(1);
  origin.close();
  Wire second = send_to_new_origin(request("POST", "/2", "Content-Length: 4\r\n") + "once");
  EXPECT_EQ(second.receive(4), "once");
  second.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
}

TEST_F(Exchange, D10RedirectsArePassedOnAndNeverFollowed) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 302 Found\r\nLocation: http://" + authority() + "/2\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(has(client_.receive_message(), "\r\nLocation: http://" + authority() + "/2\r\n"));
  EXPECT_FALSE(origin_.is_called());
  EXPECT_TRUE(origin.is_silent(20));
}

}  // namespace
}  // namespace cordon::proxy
