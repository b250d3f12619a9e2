// Whatever request we accept, what we write of it is exactly one request that means the same, to us and to llhttp, and
// has no credential in it but ours. And a cut in the input changes nothing.
#include <llhttp.h>

#include <algorithm>
#include <cstdint>

#include "fuzz/http_fuzz.hpp"
#include "http1/hop_by_hop.hpp"
#include "http1/serializer.hpp"
#include "http1/target.hpp"

namespace cordon::fuzz {
namespace {

using http1::Event;
using http1::HeaderEdit;
using http1::Parser;

constexpr std::string_view kCanary = "C4N4RY";
constexpr HeaderEdit kEdits[] = {{HeaderEdit::Kind::remove, "Authorization", {}, {}},
                                 {HeaderEdit::Kind::remove, "X-Api-Key", {}, {}},
                                 {HeaderEdit::Kind::add, "X-Api-Key", {}, kCanary}};

/// llhttp's reading of a whole head.
struct Second {
  int heads = 0;
  int fields = 0;
  bool chunked = false;
  std::uint64_t length = 0;
};

int on_headers_complete(llhttp_t* machine) {
  auto& second = *static_cast<Second*>(machine->data);
  ++second.heads;
  second.chunked = (machine->flags & F_CHUNKED) != 0;
  second.length = machine->content_length;
  return 0;
}

int on_header_value_complete(llhttp_t* machine) {
  ++static_cast<Second*>(machine->data)->fields;
  return 0;
}

/// What `head`, written by us with a method that llhttp knows, is to llhttp.
void require_llhttp_agrees(std::string_view head, std::size_t fields, const http1::Framing& framing) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_headers_complete = on_headers_complete;
  settings.on_header_value_complete = on_header_value_complete;
  Second second;
  llhttp_t machine;
  llhttp_init(&machine, HTTP_REQUEST, &settings);
  machine.data = &second;
  const llhttp_errno_t result = llhttp_execute(&machine, head.data(), head.size());
  require(result == HPE_OK || result == HPE_PAUSED_UPGRADE, "llhttp accepts what we write");
  require(second.heads == 1, "llhttp sees one head");
  require(static_cast<std::size_t>(second.fields) == fields, "llhttp sees as many fields as we do");
  require(second.chunked == (framing.kind == http1::Framing::Kind::chunked), "llhttp sees the same framing");
  if (!second.chunked) require(second.length == framing.length, "llhttp sees the same length");
}

/// Whether `name` may not be in what the origin gets, other than by our own hand.
bool is_forbidden(const http1::Field& field) {
  return field.id == http1::FieldName::authorization || field.id == http1::FieldName::proxy ||
         field.id == http1::FieldName::proxy_authorization || field.id == http1::FieldName::keep_alive ||
         field.id == http1::FieldName::te || field.id == http1::FieldName::http2_settings;
}

void require_clean(const http1::RequestHead& head) {
  int credentials = 0;
  for (const http1::Field& field : head.fields) {
    require(!is_forbidden(field), "a field that ends here does not pass");
    if (!http1::equals_ignoring_case(field.name, "X-Api-Key")) continue;
    ++credentials;
    require(field.value == kCanary, "no credential but ours passes");
  }
  require(credentials == 1, "ours passes once");
}

/// What an origin is asked for (RFC 9112, section 3.2.1).
std::string_view target_for_origin(const http1::Target& target) {
  switch (target.form) {
    case http1::TargetForm::authority:
      return target.authority;
    case http1::TargetForm::asterisk:
      return "*";
    default:
      return target.path.starts_with('/') ? target.path : "/";
  }
}

void require_one_request(http1::RequestHead& head) {
  const auto target = http1::parse_target(head.method, head.target);
  const std::string_view written = target ? target_for_origin(*target) : head.target;
  http1::drop_hop_by_hop(head);
  base::WipedBuffer out;
  http1::serialize(head, written, "h", kEdits, out);

  Parser parser(Parser::Kind::request);
  base::ConstBytes input = out.bytes();
  const auto event = parser.next(input);
  require(event && *event == Event::head, "what we write, we accept");
  require(input.empty(), "and it is one head");
  const http1::RequestHead& again = parser.request();
  require(again.method == head.method && again.target == written, "the request line is the same");
  require(again.framing.kind == head.framing.kind && again.framing.length == head.framing.length, "so is the framing");
  require(again.wants_websocket == head.wants_websocket, "so is the upgrade");
  require_clean(again);
  if (!target || head.method == "CONNECT") return;
  // llhttp knows no other methods, and reads what is no target differently.
  const std::string known = "POST " + std::string(out.view().substr(head.method.size() + 1));
  require_llhttp_agrees(known, again.fields.size(), again.framing);
}

void require_requests(std::string_view text) {
  Parser parser(Parser::Kind::request);
  base::ConstBytes input = base::as_bytes(text);
  for (;;) {
    const auto event = parser.next(input);
    if (!event || *event == Event::need_more) return;
    if (*event == Event::head) require_one_request(parser.request());
    if (*event == Event::end && ends_http(parser, Parser::Kind::request)) return;
  }
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cut = data[0] * 256U + data[1];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  cordon::fuzz::require_requests(text);
  cordon::fuzz::require_same_in_two(cordon::http1::Parser::Kind::request, text, cut % (text.size() + 1));
  return 0;
}
