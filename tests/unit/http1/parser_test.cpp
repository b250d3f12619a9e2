#include "http1/parser.hpp"

#include <gtest/gtest.h>
#include <llhttp.h>

#include <string>

#include "http1/hop_by_hop.hpp"
#include "http1/serializer.hpp"
#include "support/allocation_count.hpp"

// What is accepted and what is refused is in transcripts/http. Here: how the parser is held, and sweeps over all bytes.
namespace cordon::http1 {
namespace {

/// The outcome of one head: true when it is accepted.
bool accepts(std::string_view text, Parser::Kind kind = Parser::Kind::request) {
  Parser parser(kind);
  base::ConstBytes input = base::as_bytes(text);
  const auto event = parser.next(input);
  return event && *event == Event::head;
}

std::string request_with(std::string_view before, int byte, std::string_view after) {
  return std::string(before) + static_cast<char>(byte) + std::string(after);
}

bool is_token_byte(int byte) {
  return byte > 0x20 && byte < 0x7f &&
         std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(byte)) == std::string_view::npos;
}

TEST(Http1Parser, TakesOnlyTokensForFieldNames) {
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ':') continue;  // ends the name
    const std::string text = request_with("GET / HTTP/1.1\r\nHost: a\r\nX", byte, "Y: v\r\n\r\n");
    EXPECT_EQ(accepts(text), is_token_byte(byte)) << "byte " << byte;
  }
}

TEST(Http1Parser, TakesNoControlCharactersInValues) {
  for (const std::string_view name : {"X", "Connection", "Upgrade", "Cookie", "Host"}) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string before = "GET / HTTP/1.1\r\nhost: a\r\n" + std::string(name == "Host" ? "X" : name) + ": v";
      const bool good = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
      EXPECT_EQ(accepts(request_with(before, byte, "w\r\n\r\n")), good) << name << " with byte " << byte;
    }
  }
}

TEST(Http1Parser, TakesOnlyDigitsForALength) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = request_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1", byte, "2\r\n\r\n");
    EXPECT_EQ(accepts(text), byte >= '0' && byte <= '9') << "byte " << byte;
  }
}

TEST(Http1Parser, TakesOnlyTokensForMethods) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = request_with("GE", byte, "T / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(accepts(text), is_token_byte(byte)) << "byte " << byte;
  }
}

TEST(Http1Parser, TakesNoControlCharactersAndSpacesInTargets) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = request_with("GET /a", byte, "b HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(accepts(text), byte > 0x20 && byte != 0x7f) << "byte " << byte;
  }
}

TEST(Http1Parser, TakesNoControlCharactersInReasonPhrases) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = request_with("HTTP/1.1 200 O", byte, "K\r\nContent-Length: 0\r\n\r\n");
    const bool good = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    EXPECT_EQ(accepts(text, Parser::Kind::response), good) << "byte " << byte;
  }
}

TEST(Http1Parser, PercentEncodesHighBytesOfTheTargetOnly) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes("GET /\x80\xff HTTP/1.1\r\nHost: a\r\nX: \x80\r\n\r\n");
  ASSERT_EQ(parser.next(input), Event::head);
  EXPECT_EQ(parser.request().target, "/%80%FF");
  EXPECT_EQ(parser.request().fields[1].value, "\x80");
}

TEST(Http1Parser, LeavesWhatFollowsAMessageInTheInput) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET");
  ASSERT_EQ(parser.next(input), Event::head);
  ASSERT_EQ(parser.next(input), Event::body);
  EXPECT_EQ(base::as_text(parser.body()), "ok");
  ASSERT_EQ(parser.next(input), Event::end);
  EXPECT_EQ(base::as_text(input), "GET");
}

TEST(Http1Parser, EndsAMessageWithoutFurtherInput) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(parser.next(input), Event::head);
  EXPECT_TRUE(input.empty());
  EXPECT_EQ(parser.next(input), Event::end);
  EXPECT_EQ(parser.next(input), Event::need_more);
}

TEST(Http1Parser, KeepsTheHeadUntilTheNextOne) {
  Parser parser(Parser::Kind::request);
  std::string text = "GET /first HTTP/1.1\r\nHost: a\r\n\r\n";
  base::ConstBytes input = base::as_bytes(text);
  ASSERT_EQ(parser.next(input), Event::head);
  text.assign(text.size(), '!');
  ASSERT_EQ(parser.next(input), Event::end);
  EXPECT_EQ(parser.request().target, "/first");
}

TEST(Http1Parser, TellsWhetherItIsWithinAHeadOrAMessage) {
  Parser parser(Parser::Kind::request);
  const auto feed = [&](std::string_view text) {
    base::ConstBytes input = base::as_bytes(text);
    return parser.next(input);
  };
  EXPECT_FALSE(parser.in_head() || parser.in_message());
  ASSERT_EQ(feed("\r\n"), Event::need_more);
  EXPECT_FALSE(parser.in_head() || parser.in_message());  // an empty line begins nothing
  ASSERT_EQ(feed("P"), Event::need_more);
  EXPECT_TRUE(parser.in_head() && parser.in_message());
  ASSERT_EQ(feed("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), Event::head);
  EXPECT_FALSE(parser.in_head());
  EXPECT_TRUE(parser.in_message());
  ASSERT_EQ(feed("x"), Event::body);
  EXPECT_TRUE(parser.in_message());
  ASSERT_EQ(feed(""), Event::end);
  EXPECT_FALSE(parser.in_head() || parser.in_message());
}

TEST(Http1Parser, StaysFailed) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes("nonsense\n");
  ASSERT_FALSE(parser.next(input));
  input = base::as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(parser.next(input).error().code, Errc::bad_request);
  EXPECT_FALSE(parser.finish());
  EXPECT_FALSE(parser.in_message());
}

TEST(Http1Parser, ForgetsTrailersWithTheNextHead) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\nGET / HTTP/1.1\r\nHost: "
      "a\r\n\r\n");
  ASSERT_EQ(parser.next(input), Event::head);
  ASSERT_EQ(parser.next(input), Event::end);
  ASSERT_EQ(parser.trailers().size(), 1U);
  ASSERT_EQ(parser.next(input), Event::head);
  EXPECT_TRUE(parser.trailers().empty());
}

TEST(Http1Parser, AcceptsAHeadOfExactlyTheBound) {
  const std::string_view before = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string_view after = "\r\n\r\n";
  const std::size_t room = kMaxHead - before.size() - after.size();
  EXPECT_TRUE(accepts(std::string(before) + std::string(room, 'a') + std::string(after)));
  EXPECT_FALSE(accepts(std::string(before) + std::string(room + 1, 'a') + std::string(after)));
}

TEST(Http1Parser, AnswersToConnectHaveNoBodyWhenTheyAgree) {
  for (const std::string_view status : {"200", "204", "299"}) {
    Parser parser(Parser::Kind::response);
    parser.expect_answer_to("CONNECT");
    const std::string text = "HTTP/1.1 " + std::string(status) + " OK\r\nContent-Length: 5\r\n\r\n";
    base::ConstBytes input = base::as_bytes(text);
    ASSERT_EQ(parser.next(input), Event::head);
    EXPECT_EQ(parser.response().framing.kind, Framing::Kind::none) << status;
  }
  Parser parser(Parser::Kind::response);
  parser.expect_answer_to("CONNECT");
  base::ConstBytes input = base::as_bytes("HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n");
  ASSERT_EQ(parser.next(input), Event::head);
  EXPECT_EQ(parser.response().framing.length, 5U);
}

// P6: nothing is allocated once the buffers have grown.
TEST(Http1Parser, AllocatesNothingOnceWarm) {
  const std::string text =
      "POST /v1/charges HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer dummy\r\nConnection: keep-alive\r\n"
      "Accept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
      "GET /v1/charges HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
  const HeaderEdit edits[] = {{HeaderEdit::Kind::remove, "Authorization", {}, {}},
                              {HeaderEdit::Kind::add, "Authorization", "Bearer", "real"}};
  Parser parser(Parser::Kind::request);
  base::WipedBuffer out;
  const auto rewrite = [&] {
    base::ConstBytes input = base::as_bytes(text);
    int heads = 0;
    for (auto event = parser.next(input); event && *event != Event::need_more; event = parser.next(input)) {
      if (*event != Event::head) continue;
      ++heads;
      drop_hop_by_hop(parser.request());
      out.clear();
      serialize(parser.request(), parser.request().target, "api.example.com", edits, out);
    }
    return heads;
  };
  ASSERT_EQ(rewrite(), 2);
  const std::size_t before = testing::allocation_count;
  int heads = 0;
  for (int i = 0; i < 1'000; ++i)
    heads += rewrite();
  EXPECT_EQ(testing::allocation_count, before);
  EXPECT_EQ(heads, 2'000);
}

// llhttp's default mode takes a lone CR for a line's end (CVE-2023-30589); the build must have chosen the strict one.
TEST(Http1Parser, IsBuiltWithStrictLlhttp) {
#if LLHTTP_VERSION_MAJOR < 9
  EXPECT_EQ(LLHTTP_STRICT_MODE, 1);
#endif
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  llhttp_t machine;
  llhttp_init(&machine, HTTP_REQUEST, &settings);
  const std::string_view text = "GET / HTTP/1.1\r\nX: a\rY: b\r\n\r\n";
  EXPECT_NE(llhttp_execute(&machine, text.data(), text.size()), HPE_OK);
}

}  // namespace
}  // namespace cordon::http1
