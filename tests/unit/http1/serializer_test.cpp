#include "http1/serializer.hpp"

#include <gtest/gtest.h>

#include <string>

// Whole heads, from bytes to bytes, are in transcripts/http.
namespace cordon::http1 {
namespace {

std::string written(const RequestHead& request, std::span<const HeaderEdit> edits) {
  base::WipedBuffer out;
  serialize(request, "/t", "h", edits, out);
  return std::string(out.view());
}

RequestHead get() {
  RequestHead request;
  request.method = "GET";
  return request;
}

TEST(Http1Serializer, AppendsToWhatIsThere) {
  base::WipedBuffer out;
  out.append("before ");
  serialize(get(), "/t", "h", {}, out);
  EXPECT_EQ(out.view(), "before GET /t HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST(Http1Serializer, LeavesOutDroppedAndRemovedFieldsAndHost) {
  RequestHead request = get();
  request.fields = {{"Host", "other", FieldName::host},
                    {"A", "1"},
                    {"B", "2", FieldName::other, true},
                    {"x-key", "dummy"},
                    {"X-Key-2", "3"}};
  const HeaderEdit edits[] = {{HeaderEdit::Kind::remove, "X-Key", {}, {}}};
  EXPECT_EQ(written(request, edits), "GET /t HTTP/1.1\r\nHost: h\r\nA: 1\r\nX-Key-2: 3\r\n\r\n");
}

// Even when nobody has called drop_hop_by_hop.
TEST(Http1Serializer, WritesFramingFieldsOnlyOnce) {
  RequestHead request = get();
  request.fields = {{"Content-Length", "5", FieldName::content_length},
                    {"Transfer-Encoding", "chunked", FieldName::transfer_encoding}};
  request.framing = {Framing::Kind::length, 7};
  EXPECT_EQ(written(request, {}), "GET /t HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n");
}

TEST(Http1Serializer, AddsACredentialWithAndWithoutAScheme) {
  const HeaderEdit edits[] = {{HeaderEdit::Kind::add, "X-Key", "", "s3cret"},
                              {HeaderEdit::Kind::add, "Authorization", "Token", "s3cret"},
                              {HeaderEdit::Kind::add_basic, "Authorization", "Aladdin", "open sesame"}};
  EXPECT_EQ(written(get(), edits),
            "GET /t HTTP/1.1\r\nHost: h\r\nX-Key: s3cret\r\nAuthorization: Token s3cret\r\n"
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

// H9: the longest secret that there may be.
TEST(Http1Serializer, HasRoomForASecretOf64KiB) {
  const std::string secret(std::size_t{64} * 1024, 's');
  const HeaderEdit edits[] = {{HeaderEdit::Kind::add_basic, "Authorization", "", secret},
                              {HeaderEdit::Kind::add, "X", "", secret}};
  const std::string text = written(get(), edits);
  EXPECT_TRUE(text.ends_with("X: " + secret + "\r\n\r\n"));
  EXPECT_EQ(text.find("Authorization: Basic OnNz"), text.find("Authorization"));
}

TEST(Http1Serializer, WritesTheLongestLengthAndStatus) {
  ResponseHead response;
  response.status = 999;
  response.reason = "Odd";
  response.framing = {Framing::Kind::length, UINT64_MAX};
  std::string out;
  serialize(response, Version::http_1_1, Persistence::close, out);
  EXPECT_EQ(out, "HTTP/1.1 999 Odd\r\nContent-Length: 18446744073709551615\r\nConnection: close\r\n\r\n");
}

TEST(Http1Serializer, ClosesWhatOnlyACloseCanEnd) {
  ResponseHead response;
  response.status = 200;
  response.framing.kind = Framing::Kind::until_close;
  std::string out;
  serialize(response, Version::http_1_1, Persistence::keep_alive, out);
  EXPECT_EQ(out, "HTTP/1.1 200 \r\nConnection: close\r\n\r\n");
}

TEST(Http1Serializer, AddsNoLengthWhereThereMayBeNone) {
  for (const int status : {204, 304}) {
    ResponseHead response;
    response.status = status;
    std::string out;
    serialize(response, Version::http_1_1, Persistence::keep_alive, out);
    EXPECT_EQ(out, "HTTP/1.1 " + std::to_string(status) + " \r\n\r\n");
  }
}

TEST(Http1Serializer, WritesChunks) {
  std::string out;
  append_chunk_head(0x1f, out);
  append_chunk_head(UINT64_MAX, out);
  EXPECT_EQ(out, "1f\r\nffffffffffffffff\r\n");
  out.clear();
  append_last_chunk({}, out);
  EXPECT_EQ(out, "0\r\n\r\n");
  out.clear();
  const Field trailers[] = {{"A", "1"}, {"B", "2", FieldName::other, true}};
  append_last_chunk(trailers, out);
  EXPECT_EQ(out, "0\r\nA: 1\r\n\r\n");
}

// H5: the route's own field as a trailer.
TEST(Http1Serializer, LeavesOutTrailersThatAnEditRemoves) {
  const Field trailers[] = {{"x-api-key", "dummy"}, {"A", "1"}};
  const HeaderEdit edits[] = {{HeaderEdit::Kind::remove, "X-Api-Key", {}, {}}};
  std::string out;
  append_last_chunk(trailers, edits, out);
  EXPECT_EQ(out, "0\r\nA: 1\r\n\r\n");
}

}  // namespace
}  // namespace cordon::http1
