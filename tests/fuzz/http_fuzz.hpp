// What the fuzzers of the HTTP layers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "http1/parser.hpp"

namespace cordon::fuzz {

/// What one connection's bytes come to: a line a head, the content, the trailers, the end, an error.
struct Reading {
  std::vector<std::string> events;
  std::string body;  ///< Not yet in events.

  void flush() {
    if (!body.empty()) events.push_back("body " + body);
    body.clear();
  }
};

inline std::string describe(const std::vector<http1::Field>& fields, const http1::Framing& framing) {
  std::string text = std::to_string(static_cast<int>(framing.kind)) + " " + std::to_string(framing.length);
  for (const http1::Field& field : fields)
    text.append("\n").append(field.name).append(": ").append(field.value);
  return text;
}

inline std::string describe(const http1::RequestHead& head) {
  return std::string(head.method) + " " + std::string(head.target) + " " + describe(head.fields, head.framing);
}

inline std::string describe(const http1::ResponseHead& head) {
  return std::to_string(head.status) + " " + std::string(head.reason) + " " + describe(head.fields, head.framing);
}

/// Whether the bytes after this message are no HTTP any more.
inline bool ends_http(const http1::Parser& parser, http1::Parser::Kind kind) {
  if (kind == http1::Parser::Kind::response) return parser.response().status == 101;
  return parser.request().method == "CONNECT" || parser.request().wants_websocket;
}

/// Reads `piece`. @returns whether reading may go on
inline bool read(http1::Parser& parser, http1::Parser::Kind kind, std::string_view piece, Reading& reading) {
  base::ConstBytes input = base::as_bytes(piece);
  for (;;) {
    const auto event = parser.next(input);
    if (!event) {
      reading.flush();
      reading.events.push_back("error " + std::string(name(event.error().code)));
      return false;
    }
    switch (*event) {
      case http1::Event::need_more:
        require(input.empty(), "need_more means that all input is taken");
        return true;
      case http1::Event::head:
        reading.events.push_back(kind == http1::Parser::Kind::request ? describe(parser.request())
                                                                      : describe(parser.response()));
        break;
      case http1::Event::body:
        require(!parser.body().empty(), "a body span is never empty");
        reading.body += base::as_text(parser.body());
        break;
      case http1::Event::end:
        reading.flush();
        for (const http1::Field& field : parser.trailers()) {
          reading.events.push_back("trailer " + std::string(field.name) + ": " + std::string(field.value));
        }
        reading.events.emplace_back("end");
        if (ends_http(parser, kind)) return false;
        break;
    }
  }
}

/// Requires that `text` cut in two at `at` reads as it does whole.
inline void require_same_in_two(http1::Parser::Kind kind, std::string_view text, std::size_t at) {
  Reading whole;
  Reading pieces;
  http1::Parser first(kind);
  read(first, kind, text, whole);
  http1::Parser second(kind);
  if (read(second, kind, text.substr(0, at), pieces)) read(second, kind, text.substr(at), pieces);
  whole.flush();
  pieces.flush();
  require(whole.events == pieces.events, "a cut changes nothing");
}

}  // namespace cordon::fuzz
