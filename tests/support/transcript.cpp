#include "support/transcript.hpp"

#include <algorithm>
#include <stdexcept>

#include "config/host_name.hpp"
#include "http1/hop_by_hop.hpp"
#include "http1/parser.hpp"
#include "http1/serializer.hpp"
#include "http1/target.hpp"
#include "inject/injector.hpp"
#include "inject/route_table.hpp"
#include "support/escapes.hpp"

namespace cordon::testing {

namespace {

using http1::Event;
using http1::Framing;
using http1::Parser;

constexpr std::string_view kSecret = "C4N4RY";
constexpr std::string_view kRouteHost = "api.example.com";

// What a subject that is only checked when a dialogue mentions it begins with.
constexpr std::string_view kOptional[] = {"origin", "client", "target", "route"};

std::string describe(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::length:
      return "body of " + std::to_string(framing.length);
    case Framing::Kind::chunked:
      return "chunked body";
    case Framing::Kind::until_close:
      return "body until close";
    case Framing::Kind::none:
      break;
  }
  return "no body";
}

std::string describe_end(bool keep_alive) {
  return keep_alive ? "; keep-alive" : "; close";
}

/// One connection's end, fed piece by piece.
class Player {
 public:
  explicit Player(const Transcript& transcript)
      : transcript_(transcript),
        parser_(is_response() ? Parser::Kind::response : Parser::Kind::request),
        routes_({make_route()}),
        secret_(kSecret) {
    if (is_response()) parser_.expect_answer_to(transcript.settings.at("response-to"));
  }

  void take(std::string_view piece) {
    base::ConstBytes input = base::as_bytes(piece);
    while (!failed_ && !taken_over_ && step(parser_.next(input))) {
    }
    if (taken_over_) rest_ += base::as_text(input);
  }

  std::vector<std::string> finish() {
    flush_body();
    if (taken_over_ && !rest_.empty()) say("rest " + escape(rest_));
    if (!failed_ && !taken_over_) {
      if (transcript_.settings.contains("closes")) {
        step(parser_.finish());
        flush_body();
      } else if (parser_.in_message()) {
        say("incomplete");
      }
    }
    return std::move(lines_);
  }

 private:
  bool is_response() const { return transcript_.settings.contains("response-to"); }

  Route make_route() const {
    Route route;
    route.name = "example";
    route.host = kRouteHost;
    route.ports.list = {443};
    route.auth = HeaderAuth{"Authorization", "Bearer"};
    if (const auto header = transcript_.settings.find("header"); header != transcript_.settings.end()) {
      route.auth = HeaderAuth{header->second, ""};
    }
    if (const auto basic = transcript_.settings.find("basic"); basic != transcript_.settings.end()) {
      route.auth = BasicAuth{basic->second};
    }
    return route;
  }

  void say(std::string line) { lines_.push_back(std::move(line)); }

  void say_bytes(std::string_view subject, std::string_view text) {
    while (!text.empty()) {
      const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
      say(std::string(subject) + " " + escape(text.substr(0, size)));
      text.remove_prefix(size);
    }
  }

  void flush_body() {
    if (!body_.empty()) say("body " + escape(body_));
    body_.clear();
  }

  /// @returns whether there may be more in the input
  bool step(const Result<Event>& event) {
    if (!event) {
      flush_body();
      // On the wire both are head_too_large; the status differs.
      const bool target = event.error().code == Errc::target_too_long;
      say("error " + (target ? "target_too_long" : std::string(name(event.error().code))));
      failed_ = true;
      return false;
    }
    switch (*event) {
      case Event::need_more:
        return false;
      case Event::head:
        is_response() ? on_response() : on_request();
        return true;
      case Event::body:
        body_ += base::as_text(parser_.body());
        return true;
      case Event::end:
        on_end();
        return true;
    }
    return false;
  }

  void on_end() {
    flush_body();
    for (const http1::Field& field : parser_.trailers()) {
      say("trailer " + escape(field.name) + ": " + escape(field.value));
    }
    say("end");
    taken_over_ = changes_protocol_;
  }

  void on_request() {
    http1::RequestHead& head = parser_.request();
    say("head " + escape(head.method) + " " + escape(head.target) + "; " + describe(head.framing) +
        describe_end(head.keep_alive) + (head.expects_continue ? "; expects continue" : "") +
        (head.wants_websocket ? "; websocket" : ""));
    changes_protocol_ = head.method == "CONNECT" || head.wants_websocket;
    const auto target = http1::parse_target(head.method, head.target);
    say_target(target);
    if (target && target->form != http1::TargetForm::authority) say_origin(head, *target);
  }

  void say_target(const Result<http1::Target>& target) {
    if (!target) return say("target error " + std::string(name(target.error().code)));
    constexpr std::string_view kForms[] = {"origin", "absolute", "authority", "asterisk"};
    say("target " + std::string(kForms[static_cast<std::size_t>(target->form)]) + "; scheme '" +
        std::string(target->scheme) + "'; authority '" + std::string(target->authority) + "'; path '" +
        std::string(target->path) + "'");
    if (target->authority.empty()) return;
    const bool is_connect = target->form == http1::TargetForm::authority;
    const auto place = config::parse_authority(target->authority, is_connect ? 0 : 80);
    if (!place) return say("route error " + std::string(name(place.error().code)));
    const auto match = routes_.find(place->host, place->port);
    say("route " + place->host + " " + std::to_string(place->port) +
        (match.route != nullptr ? " matched" : " not matched"));
  }

  void say_origin(http1::RequestHead& head, const http1::Target& target) {
    http1::drop_hop_by_hop(head);
    const auto edits = inject::plan_injection(head, routes_.routes().front(), secret_);
    base::WipedBuffer out;
    const bool absolute = target.form == http1::TargetForm::absolute;
    const std::string_view host = absolute ? target.authority : head.value_of(http1::FieldName::host);
    const std::string_view path = absolute && target.path.empty() ? "/" : target.path;
    http1::serialize(head, target.form == http1::TargetForm::asterisk ? "*" : path, host, edits.view(), out);
    say_bytes("origin", out.view());
  }

  void on_response() {
    http1::ResponseHead& head = parser_.response();
    say("head " + std::to_string(head.status) + " " + escape(head.reason) + "; " + describe(head.framing) +
        describe_end(head.keep_alive));
    changes_protocol_ = head.status == 101;
    http1::drop_hop_by_hop(head);
    const bool old_client = transcript_.settings.contains("http-1.0-client");
    std::string out;
    http1::serialize(head, old_client ? http1::Version::http_1_0 : http1::Version::http_1_1,
                     http1::Persistence::keep_alive, out);
    say_bytes("client", out);
  }

  const Transcript& transcript_;
  Parser parser_;
  inject::RouteTable routes_;
  Secret secret_;
  std::vector<std::string> lines_;
  std::string body_;
  std::string rest_;
  bool changes_protocol_ = false;  ///< What follows this message is not HTTP.
  bool taken_over_ = false;
  bool failed_ = false;
};

/// Adds one line of a file to the dialogue that it belongs to.
void add_line(std::string_view line, Transcript& transcript) {
  const std::string_view content = line.size() > 2 ? line.substr(2) : std::string_view{};
  if (line.starts_with("> ")) {
    transcript.input += unescape(content);
  } else if (line.starts_with("< ")) {
    transcript.expected.emplace_back(content);
  } else {
    throw std::runtime_error("a line begins with none of `>`, `<`, `!`, `#`, `==`");
  }
}

std::string first_word(std::string_view line) {
  return std::string(line.substr(0, line.find(' ')));
}

}  // namespace

std::set<std::string, std::less<>> Transcript::subjects() const {
  std::set<std::string, std::less<>> words;
  for (const std::string& outcome : expected)
    words.insert(first_word(outcome));
  return words;
}

std::vector<Transcript> load_transcripts(const std::filesystem::path& folder) {
  return load_dialogues<Transcript>(folder, add_line);
}

std::vector<std::string> play(const Transcript& transcript, const std::vector<std::string_view>& pieces) {
  Player player(transcript);
  for (const std::string_view piece : pieces)
    player.take(piece);
  return player.finish();
}

std::vector<std::string> keep_subjects(const Transcript& transcript, std::vector<std::string> lines) {
  const auto subjects = transcript.subjects();
  std::erase_if(lines, [&](const std::string& line) {
    const std::string word = first_word(line);
    return std::ranges::find(kOptional, word) != std::end(kOptional) && !subjects.contains(word);
  });
  return lines;
}

}  // namespace cordon::testing
