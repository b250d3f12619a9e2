#include "http1/head_reader.hpp"

#include "http1/byte_scan.hpp"
#include "http1/head_lines.hpp"
#include "http1/parser.hpp"
#include "http1/trailers.hpp"

namespace cordon::http1 {

namespace {

Refusal malformed(Fault fault) noexcept {
  return {Errc::bad_request, fault};
}

/// Every line has a CR and a LF, the empty one too; more control characters than these stand where they may not.
Controls controls_in(const HeadBuffer& text, const ByteCounts& counts) noexcept {
  return counts.controls == 2 * (text.lines() + 1) ? Controls::none : Controls::perhaps;
}

Refusal read_fields(const HeadBuffer& text, std::size_t first_line, Controls controls, std::vector<Field>& fields) {
  fields.clear();
  if (text.lines() > kMaxFields + first_line) return {Errc::head_too_large, "more than 1,000 fields"};
  for (std::size_t i = first_line; i < text.lines(); ++i) {
    const Fault fault = parse_field_line(text.whole_line(i), controls, fields.emplace_back());
    if (fault != nullptr) return malformed(fault);
  }
  return {};
}

std::string percent_encode_high_bytes(std::string_view target) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

/// Some clients, curl among them, send what the user typed; RFC 3986 wants ASCII.
Refusal encode_target(HeadBuffer& text, RequestHead& head) {
  if (!count_bytes(head.target).high) return {};
  const std::string encoded = percent_encode_high_bytes(head.target);
  if (encoded.size() > kMaxHead) {
    return {Errc::target_too_long, "the request target is over the bound of 64 KiB once percent-encoded"};
  }
  text.replace_in_first_line(head.method.size() + 1, head.target.size(), encoded);
  return malformed(parse_request_line(text.line(0), Controls::none, head));
}

}  // namespace

Refusal refuse_collected(HeadBuffer::Status status, const HeadBuffer& text) noexcept {
  if (status == HeadBuffer::Status::bare_line_feed) return malformed("a line ends with LF alone");
  if (status == HeadBuffer::Status::too_many_newlines) return malformed("too many empty lines before the start line");
  const bool in_target = text.section() == HeadBuffer::Section::head && text.lines() == 0 && text.text().contains(' ');
  if (in_target) return {Errc::target_too_long, "the request target is over the bound of 64 KiB"};
  return {Errc::head_too_large, "the head is over the bound of 64 KiB"};
}

Refusal read_request_head(HeadBuffer& text, RequestHead& head) {
  const ByteCounts counts = count_bytes(text.text());
  const Controls controls = controls_in(text, counts);
  if (const Fault fault = parse_request_line(text.line(0), controls, head)) return malformed(fault);
  if (counts.high) {
    if (const Refusal refusal = encode_target(text, head)) return refusal;
  }
  if (const Refusal refusal = read_fields(text, 1, controls, head.fields)) return refusal;
  return malformed(judge_request(head));
}

Refusal read_response_head(const HeadBuffer& text, AnswerTo request, ResponseHead& head) {
  const Controls controls = controls_in(text, count_bytes(text.text()));
  if (const Fault fault = parse_status_line(text.line(0), controls, head)) return malformed(fault);
  if (const Refusal refusal = read_fields(text, 1, controls, head.fields)) return refusal;
  return malformed(judge_response(head, request));
}

Refusal read_trailer_fields(const HeadBuffer& text, std::vector<Field>& trailers) {
  const Controls controls = controls_in(text, count_bytes(text.text()));
  if (const Refusal refusal = read_fields(text, 0, controls, trailers)) return refusal;
  std::erase_if(trailers, [](const Field& field) { return !may_be_trailer(field); });
  return {};
}

}  // namespace cordon::http1
