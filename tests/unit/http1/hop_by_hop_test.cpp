#include "http1/hop_by_hop.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http1/field_name.hpp"

// What passes and what does not is in transcripts/http/hop_by_hop.txt and responses.txt.
namespace cordon::http1 {
namespace {

TEST(Http1HopByHop, DropsEachFieldThatConcernsOneConnection) {
  for (const std::string_view name :
       {"Connection", "Keep-Alive", "TE", "Upgrade", "HTTP2-Settings", "Transfer-Encoding", "Content-Length",
        "Proxy-Connection", "Proxy-Authorization", "Proxy-X", "Trailer"}) {
    RequestHead request;
    request.fields = {{name, "x", classify(name)}};
    drop_hop_by_hop(request);
    EXPECT_TRUE(request.fields[0].dropped) << name;
    ResponseHead response;
    response.status = 200;
    response.framing = {Framing::Kind::length, 1};
    response.fields = {{name, "x", classify(name)}};
    drop_hop_by_hop(response);
    EXPECT_TRUE(response.fields[0].dropped) << name;
  }
}

TEST(Http1HopByHop, LeavesWhatIsDroppedAlready) {
  RequestHead request;
  request.fields = {{"A", "x", FieldName::other, true}};
  drop_hop_by_hop(request);
  EXPECT_TRUE(request.fields[0].dropped);
}

TEST(Http1HopByHop, KeepsTheLengthOfABodyThatIsNotSent) {
  for (const auto& [status, kept] : {std::pair{200, true}, {304, true}, {204, false}, {103, false}}) {
    ResponseHead response;
    response.status = status;
    response.fields = {{"Content-Length", "5", FieldName::content_length}};
    drop_hop_by_hop(response);
    EXPECT_EQ(!response.fields[0].dropped, kept) << status;
  }
}

}  // namespace
}  // namespace cordon::http1
