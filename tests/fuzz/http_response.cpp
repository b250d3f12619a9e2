// Whatever response we accept, what we write of it for the client is exactly one response with the same content and
// framing, and a cut in the input changes nothing.
#include <cstdint>

#include "fuzz/http_fuzz.hpp"
#include "http1/hop_by_hop.hpp"
#include "http1/serializer.hpp"

namespace cordon::fuzz {
namespace {

using http1::Event;
using http1::Parser;

void require_one_response(http1::ResponseHead& head, std::string_view method) {
  http1::drop_hop_by_hop(head);
  std::string out;
  http1::serialize(head, http1::Version::http_1_1, http1::Persistence::keep_alive, out);

  Parser parser(Parser::Kind::response);
  parser.expect_answer_to(method);
  base::ConstBytes input = base::as_bytes(out);
  const auto event = parser.next(input);
  require(event && *event == Event::head, "what we write, we accept");
  require(input.empty(), "and it is one head");
  const http1::ResponseHead& again = parser.response();
  require(again.status == head.status && again.reason == head.reason, "the status line is the same");
  require(again.framing.kind == head.framing.kind && again.framing.length == head.framing.length, "so is the framing");
}

void require_responses(std::string_view text, std::string_view method) {
  Parser parser(Parser::Kind::response);
  parser.expect_answer_to(method);
  base::ConstBytes input = base::as_bytes(text);
  for (;;) {
    const auto event = parser.next(input);
    if (!event || *event == Event::need_more) break;
    if (*event == Event::head) require_one_response(parser.response(), method);
    if (*event == Event::end && ends_http(parser, Parser::Kind::response)) break;
  }
  if (const auto event = parser.finish(); event && *event == Event::end)
    require(!parser.in_message(), "the end is the end");
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT", "POST"};
  if (size < 3) return 0;
  const std::size_t cut = data[0] * 256U + data[1];
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  cordon::fuzz::require_responses(text, kMethods[data[2] % 4]);
  cordon::fuzz::require_same_in_two(cordon::http1::Parser::Kind::response, text, cut % (text.size() + 1));
  return 0;
}
