// Request bodies on their way through a running proxy.
#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Upload : public test::ProxyTest {};

TEST_F(Upload, ABodyGoesWithItsHeadOrAfterIt) {
  for (const bool at_once : {true, false}) {
    Wire client = proxy_.connect();
    client.send(request("POST", "/", "Content-Length: 11\r\n") + (at_once ? "hello world" : "hello"));
    Wire origin = origin_.accept();
    EXPECT_TRUE(has(origin.receive_head(), "\r\nContent-Length: 11\r\n"));
    EXPECT_EQ(origin.receive(5), "hello");
    if (!at_once) client.send(" world");
    EXPECT_EQ(origin.receive(6), " world");
    origin.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    EXPECT_TRUE(client.receive_message().ends_with("ok"));
  }
  EXPECT_EQ(proxy_.sink.wait_for(2).back().up, 11U);
}

TEST_F(Upload, ChunksArePassedOnAsTheyComeWithTheirTrailers) {
  Wire origin = send_to_new_origin(request("POST", "/", "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"));
  EXPECT_TRUE(has(seen_, "\r\nTransfer-Encoding: chunked\r\n")) << seen_;
  client_.send("5\r\nfirst\r\n");
  EXPECT_EQ(origin.receive_to("first\r\n"), "5\r\nfirst\r\n");
  client_.send("6;ext=1\r\nsecond\r\n0\r\nX-Sum: 1\r\nAuthorization: Bearer evil\r\n\r\n");
  EXPECT_EQ(origin.receive_to("\r\n\r\n"), "6\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n");
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  EXPECT_EQ(proxy_.sink.wait_for(1).front().up, 11U);
}

TEST_F(Upload, H11APipelinedRequestIsAnsweredAfterTheFirst) {
  client_.send(request("POST", "/1", "Content-Length: 5\r\n") + "first" + request("GET", "/2"));
  Wire origin = origin_.accept();
  EXPECT_TRUE(origin.receive_head().starts_with("POST /1 "));
  EXPECT_EQ(origin.receive(5), "first");
  EXPECT_TRUE(origin.is_silent(20));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\n1"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /2 "));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\n2"));
}

TEST_F(Upload, ABodyIsHeldUpByAnOriginThatDoesNotRead) {
  Wire origin = send_to_new_origin(request("POST", "/", "Content-Length: 268435456\r\n"));
  const std::string piece(1 << 20, 'x');
  std::thread writer([&] {
    for (int i = 0; i < 256; ++i)
      client_.send(piece);
  });
  EXPECT_EQ(origin.receive(piece.size()), piece);
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(has(client_.receive_head(), "Connection: close\r\n"));
  origin.reset();
  writer.join();
  EXPECT_LT(proxy_.sink.wait_for(1).front().up, std::uint64_t{64} << 20) << "the proxy took a body that nobody read";
}

TEST_F(Upload, H15TheOriginDecidesAboutAnExpectedContinue) {
  Wire origin = send_to_new_origin(request("PUT", "/", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(has(seen_, "\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(client_.is_silent(20));
  origin.send("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client_.receive_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  client_.send("body");
  EXPECT_EQ(origin.receive(4), "body");
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  client_.send(request("GET", "/next"));
  EXPECT_TRUE(origin.receive_head().starts_with("GET /next"));
}

TEST_F(Upload, AnHttp10ClientsExpectationIsNotForwarded) {
  Wire origin =
      send_to_new_origin(request("PUT", "/", "Content-Length: 4\r\nExpect: 100-continue\r\n", "HTTP/1.0") + "body");
  EXPECT_FALSE(has(seen_, "Expect")) << seen_;
  EXPECT_EQ(origin.receive(4), "body");
}

TEST_F(Upload, H15AFinalAnswerBeforeTheBodyEndsTheExchange) {
  Wire origin = send_to_new_origin(request("PUT", "/", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
  origin.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  const std::string reply = client_.receive_message();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 401 ")) << reply;
  EXPECT_TRUE(has(reply, "Connection: close\r\n")) << "a body that still comes must not be the next request";
  client_.send("body");
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends()) << "the body was sent although the answer was there";
}

TEST_F(Upload, H15AnAnswerSurvivesABodyThatNobodyWants) {
  const std::string most(100 * 1024, 'x');
  Wire origin = send_to_new_origin(request("POST", "/", "Content-Length: 1000000\r\n") + most);
  origin.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge");
  origin.end_writing();
  const std::string reply = client_.receive_message();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 413 ") && reply.ends_with("\r\n\r\nlarge")) << reply;
  client_.send(most);  // what was under way: no reset may destroy the answer
  EXPECT_TRUE(client_.ends());
  EXPECT_FALSE(client_.was_reset());
}

TEST_F(Upload, AnOriginThatStopsReadingMayStillAnswer) {
  Wire origin = send_to_new_origin(request("POST", "/", "Content-Length: 8\r\n") + "half");
  EXPECT_EQ(origin.receive(4), "half");
  origin.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad");
  origin.close();
  client_.send("more");
  EXPECT_TRUE(client_.receive_message().ends_with("\r\n\r\nbad"));
}

TEST_F(Upload, AClientThatLeavesInTheMiddleEndsTheRequestToTheOrigin) {
  Wire origin = send_to_new_origin(request("POST", "/", "Content-Length: 8\r\n") + "half");
  EXPECT_EQ(origin.receive(4), "half");
  client_.close();
  EXPECT_TRUE(origin.ends());
  EXPECT_EQ(proxy_.sink.wait_for(1).front().up, 4U);
}

TEST_F(Upload, H5BrokenChunksAreRefusedBeforeOrAfterTheHeadHasGone) {
  client_.send(request("POST", "/", "Transfer-Encoding: chunked\r\n") + "zz\r\n");
  EXPECT_EQ(receive_refusal(), "400 bad_request");
  EXPECT_TRUE(client_.ends());
  EXPECT_FALSE(origin_.is_called(20));

  Wire client = proxy_.connect();
  client.send(request("POST", "/", "Transfer-Encoding: chunked\r\n") + "5\r\nfirst\r\n");
  Wire origin = origin_.accept();
  EXPECT_TRUE(origin.receive_to("first\r\n").ends_with("5\r\nfirst\r\n"));
  client.send("-1\r\n");
  EXPECT_EQ(refusal_of(client.receive_message()), "400 bad_request");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(origin.receive_all(), "") << "a body that broke must not look complete";
}

TEST_F(Upload, ARetryWithTheWholeBodyInItsHeadSendsItOnceMore) {
  Wire origin = send_to_new_origin(request("GET", "/1"));
  origin.send(kOk);
  client_.receive_message();
  client_.send(request("PUT", "/2", "Content-Length: 4\r\n") + "whol");
  EXPECT_EQ(origin.receive_to("whol").substr(0, 7), "PUT /2 ");
  origin.close();
  Wire second = origin_.accept();
  EXPECT_TRUE(second.receive_to("whol").ends_with("\r\n\r\nwhol"));
  second.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
}

Timeouts impatient() {
  Timeouts timeouts;
  timeouts.response_gap = std::chrono::milliseconds(100);
  return timeouts;
}

class ImpatientUpload : public test::ProxyTest {
 protected:
  ImpatientUpload() : ProxyTest(test::with_timeouts(impatient())) {}
};

TEST_F(ImpatientUpload, ABodyThatStopsEndsBothConnections) {
  Wire origin = send_to_new_origin(request("POST", "/", "Content-Length: 8\r\n") + "half");
  EXPECT_EQ(origin.receive(4), "half");
  EXPECT_TRUE(origin.ends());
  client_.receive_all();  // an answer or none: in any case the end
}

}  // namespace
}  // namespace cordon::proxy
