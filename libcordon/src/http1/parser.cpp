#include "http1/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "http1/framing.hpp"
#include "http1/head_buffer.hpp"
#include "http1/head_lines.hpp"
#include "http1/trailers.hpp"

namespace cordon::http1 {

namespace {

// Nobody reads chunk extensions; this many bytes of them are more than any sender has reason for (RFC 9112,
// section 7.1.1).
constexpr std::size_t kMaxChunkExtension = 4096;

// What llhttp reads in place of the start line: the framing of a message that has Content-Length or Transfer-Encoding
// does not depend on the real one.
constexpr std::string_view kRequestLine = "POST / HTTP/1.1\r\n";
constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";

/// Every line has a CR and a LF, the empty one too; more control characters than these stand where they may not.
Controls controls_in(const HeadBuffer& text, const ByteCounts& counts) noexcept {
  return counts.controls == 2 * (text.lines() + 1) ? Controls::none : Controls::perhaps;
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

}  // namespace

// A head is collected whole, taken apart by our own code (head_lines, framing) and then read by llhttp as well; both
// must accept it and agree on the framing. Chunked bodies are decoded by llhttp; the other bodies are counted here.
struct Parser::Impl {
  enum class Phase : std::uint8_t { head, length, until_close, chunks, trailers, ending, failed };

  explicit Impl(Kind parser_kind) : kind(parser_kind) { fields().reserve(32); }

  Result<Event> next(base::ConstBytes& input);
  Result<Event> finish();

  Result<Event> read_head(base::ConstBytes& input);
  Result<Event> read_length(base::ConstBytes& input);
  Result<Event> read_until_close(base::ConstBytes& input);
  Result<Event> read_chunks(base::ConstBytes& input);
  Result<Event> read_trailers(base::ConstBytes& input);
  Result<Event> end() noexcept;

  Result<> complete_head();
  Result<> complete_trailers();
  Fault parse_start_line(Controls controls);
  Result<> encode_target();
  Result<> parse_fields(const HeadBuffer& text, std::size_t first_line, Controls controls);
  Fault judge();
  Fault confirm_framing();
  bool feed(std::string_view text) noexcept;
  Phase phase_of(const Framing& framing) noexcept;

  Result<> collected(HeadBuffer::Status status);
  std::unexpected<Error> refuse(Errc code, const char* reason);
  std::unexpected<Error> refuse(const char* reason);

  std::vector<Field>& fields() noexcept { return kind == Kind::request ? request.fields : response.fields; }
  const Framing& framing() const noexcept { return kind == Kind::request ? request.framing : response.framing; }
  bool in_head() const noexcept { return phase == Phase::head && !head_is_old && !head_text.empty(); }

  static int on_headers_complete(llhttp_t* machine);
  static int on_body(llhttp_t* machine, const char* at, std::size_t size);
  static int on_chunk_extension(llhttp_t* machine, const char* at, std::size_t size);
  static int on_chunk_header(llhttp_t* machine);
  static constexpr llhttp_settings_t make_settings() noexcept;
  static const llhttp_settings_t kSettings;

  Kind kind;
  Phase phase = Phase::head;
  AnswerTo answer_to = AnswerTo::other;
  bool head_is_old = false;  ///< head_text still holds the last message's head, for those who look at it.

  HeadBuffer head_text{HeadBuffer::Section::head};
  HeadBuffer trailer_text{HeadBuffer::Section::trailers};
  RequestHead request;
  ResponseHead response;
  std::vector<Field> trailers;
  base::ConstBytes body;
  std::uint64_t remaining = 0;  ///< Of a body with a length.

  llhttp_t machine{};
  bool machine_saw_head = false;
  bool machine_saw_last_chunk = false;
  bool machine_chunked = false;  ///< What the machine made of the head.
  std::uint64_t machine_length = 0;
  std::size_t extension_size = 0;
};

constexpr llhttp_settings_t Parser::Impl::make_settings() noexcept {
  llhttp_settings_t settings{};
  settings.on_headers_complete = on_headers_complete;
  settings.on_body = on_body;
  settings.on_chunk_extension_name = on_chunk_extension;
  settings.on_chunk_extension_value = on_chunk_extension;
  settings.on_chunk_header = on_chunk_header;
  return settings;
}

constinit const llhttp_settings_t Parser::Impl::kSettings = make_settings();

int Parser::Impl::on_headers_complete(llhttp_t* machine) {
  auto& self = *static_cast<Impl*>(machine->data);
  self.machine_saw_head = true;
  self.machine_chunked = (machine->flags & F_CHUNKED) != 0;
  self.machine_length = machine->content_length;
  return 0;
}

int Parser::Impl::on_body(llhttp_t* machine, const char* at, std::size_t size) {
  static_cast<Impl*>(machine->data)->body = base::as_bytes({at, size});
  return HPE_PAUSED;
}

int Parser::Impl::on_chunk_extension(llhttp_t* machine, const char*, std::size_t size) {
  auto& self = *static_cast<Impl*>(machine->data);
  self.extension_size += size;
  return self.extension_size > kMaxChunkExtension ? -1 : 0;
}

int Parser::Impl::on_chunk_header(llhttp_t* machine) {
  auto& self = *static_cast<Impl*>(machine->data);
  self.extension_size = 0;
  self.machine_saw_last_chunk = machine->content_length == 0;
  return self.machine_saw_last_chunk ? HPE_PAUSED : 0;
}

std::unexpected<Error> Parser::Impl::refuse(Errc code, const char* reason) {
  phase = Phase::failed;
  return fail(kind == Kind::request ? code : Errc::upstream_protocol, reason);
}

std::unexpected<Error> Parser::Impl::refuse(const char* reason) {
  return refuse(Errc::bad_request, reason);
}

Result<Event> Parser::Impl::next(base::ConstBytes& input) {
  switch (phase) {
    case Phase::head:
      return read_head(input);
    case Phase::length:
      return read_length(input);
    case Phase::until_close:
      return read_until_close(input);
    case Phase::chunks:
      return read_chunks(input);
    case Phase::trailers:
      return read_trailers(input);
    case Phase::ending:
      return end();
    case Phase::failed:
      break;
  }
  return refuse("the connection's framing is lost");
}

Result<Event> Parser::Impl::end() noexcept {
  phase = Phase::head;
  return Event::end;
}

Result<Event> Parser::Impl::finish() {
  switch (phase) {
    case Phase::head:
      if (in_head()) return refuse("the connection closed within a head");
      return Event::need_more;
    case Phase::until_close:
    case Phase::ending:
      return end();
    default:
      return refuse("the connection closed within a body");
  }
}

Result<> Parser::Impl::collected(HeadBuffer::Status status) {
  switch (status) {
    case HeadBuffer::Status::bare_line_feed:
      return refuse("a line ends with LF alone");
    case HeadBuffer::Status::too_many_newlines:
      return refuse("too many empty lines before the start line");
    case HeadBuffer::Status::too_large: {
      const bool in_target = phase == Phase::head && head_text.lines() == 0 && head_text.text().contains(' ');
      if (in_target) return refuse(Errc::target_too_long, "the request target is over the bound of 64 KiB");
      return refuse(Errc::head_too_large, "the head is over the bound of 64 KiB");
    }
    default:
      return {};
  }
}

Result<Event> Parser::Impl::read_head(base::ConstBytes& input) {
  if (input.empty()) return Event::need_more;
  if (head_is_old) {
    head_is_old = false;
    head_text.clear();
    trailers.clear();
  }
  const auto status = head_text.take(input);
  if (status == HeadBuffer::Status::incomplete) return Event::need_more;
  if (auto good = collected(status); !good) return std::unexpected(std::move(good.error()));
  if (auto good = complete_head(); !good) return std::unexpected(std::move(good.error()));
  head_is_old = true;
  phase = phase_of(framing());
  return Event::head;
}

Parser::Impl::Phase Parser::Impl::phase_of(const Framing& framing) noexcept {
  remaining = framing.length;
  switch (framing.kind) {
    case Framing::Kind::chunked:
      return Phase::chunks;
    case Framing::Kind::until_close:
      return Phase::until_close;
    case Framing::Kind::length:
      return remaining > 0 ? Phase::length : Phase::ending;
    case Framing::Kind::none:
      break;
  }
  return Phase::ending;
}

Result<> Parser::Impl::complete_head() {
  const ByteCounts counts = count_bytes(head_text.text());
  const Controls controls = controls_in(head_text, counts);
  if (const Fault fault = parse_start_line(controls)) return refuse(fault);
  if (kind == Kind::request && counts.high) {
    if (auto good = encode_target(); !good) return good;
  }
  if (auto good = parse_fields(head_text, 1, controls); !good) return good;
  if (const Fault fault = judge()) return refuse(fault);
  if (const Fault fault = confirm_framing()) return refuse(fault);
  return {};
}

Fault Parser::Impl::parse_start_line(Controls controls) {
  const std::string_view line = head_text.line(0);
  return kind == Kind::request ? parse_request_line(line, controls, request)
                               : parse_status_line(line, controls, response);
}

Result<> Parser::Impl::encode_target() {
  if (!count_bytes(request.target).high) return {};
  const std::string encoded = percent_encode_high_bytes(request.target);
  if (encoded.size() > kMaxHead) {
    return refuse(Errc::target_too_long, "the request target is over the bound of 64 KiB once percent-encoded");
  }
  head_text.replace_in_first_line(request.method.size() + 1, request.target.size(), encoded);
  if (const Fault fault = parse_start_line(Controls::none)) return refuse(fault);
  return {};
}

Result<> Parser::Impl::parse_fields(const HeadBuffer& text, std::size_t first_line, Controls controls) {
  std::vector<Field>& into = phase == Phase::head ? fields() : trailers;
  into.clear();
  if (text.lines() > kMaxFields + first_line) return refuse(Errc::head_too_large, "more than 1,000 fields");
  for (std::size_t i = first_line; i < text.lines(); ++i) {
    if (const Fault fault = parse_field_line(text.whole_line(i), controls, into.emplace_back())) return refuse(fault);
  }
  return {};
}

Fault Parser::Impl::judge() {
  return kind == Kind::request ? judge_request(request) : judge_response(response, answer_to);
}

bool Parser::Impl::feed(std::string_view text) noexcept {
  return llhttp_execute(&machine, text.data(), text.size()) == HPE_OK;
}

Fault Parser::Impl::confirm_framing() {
  if (framing().kind == Framing::Kind::none || framing().kind == Framing::Kind::until_close) return nullptr;
  llhttp_init(&machine, kind == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &kSettings);
  machine.data = this;
  machine_saw_head = false;
  bool accepted = feed(kind == Kind::request ? kRequestLine : kStatusLine);
  for (std::size_t i = 0; accepted && i < fields().size(); ++i) {
    if (is_framing(fields()[i].id)) accepted = feed(head_text.whole_line(i + 1));
  }
  if (!accepted || !feed("\r\n") || !machine_saw_head) return "Content-Length or Transfer-Encoding is malformed";
  const bool chunked = framing().kind == Framing::Kind::chunked;
  const bool agrees = machine_chunked == chunked && (chunked || machine_length == framing().length);
  return agrees ? nullptr : "the head's framing can be read in two ways";
}

Result<Event> Parser::Impl::read_length(base::ConstBytes& input) {
  if (input.empty()) return Event::need_more;
  body = input.first(static_cast<std::size_t>(std::min<std::uint64_t>(remaining, input.size())));
  input = input.subspan(body.size());
  remaining -= body.size();
  if (remaining == 0) phase = Phase::ending;
  return Event::body;
}

Result<Event> Parser::Impl::read_until_close(base::ConstBytes& input) {
  if (input.empty()) return Event::need_more;
  body = std::exchange(input, {});
  return Event::body;
}

Result<Event> Parser::Impl::read_chunks(base::ConstBytes& input) {
  if (input.empty()) return Event::need_more;
  const std::string_view text = base::as_text(input);
  machine_saw_last_chunk = false;
  llhttp_resume(&machine);
  const llhttp_errno_t result = llhttp_execute(&machine, text.data(), text.size());
  if (result == HPE_OK) {
    input = {};
    return Event::need_more;
  }
  if (result != HPE_PAUSED) return refuse("the chunked body is malformed");
  input = input.subspan(static_cast<std::size_t>(llhttp_get_error_pos(&machine) - text.data()));
  if (!machine_saw_last_chunk) return Event::body;
  trailer_text.clear();
  phase = Phase::trailers;
  return read_trailers(input);
}

Result<Event> Parser::Impl::read_trailers(base::ConstBytes& input) {
  const auto status = trailer_text.take(input);
  if (status == HeadBuffer::Status::incomplete) return Event::need_more;
  if (auto good = collected(status); !good) return std::unexpected(std::move(good.error()));
  if (auto good = complete_trailers(); !good) return std::unexpected(std::move(good.error()));
  return end();
}

Result<> Parser::Impl::complete_trailers() {
  const Controls controls = controls_in(trailer_text, count_bytes(trailer_text.text()));
  if (auto good = parse_fields(trailer_text, 0, controls); !good) return good;
  std::erase_if(trailers, [](const Field& field) { return !may_be_trailer(field); });
  return {};
}

Parser::Parser(Kind kind) : impl_(std::make_unique<Impl>(kind)) {
}
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;
Parser::~Parser() = default;

void Parser::expect_answer_to(std::string_view method) noexcept {
  impl_->answer_to = method == "HEAD" ? AnswerTo::head : method == "CONNECT" ? AnswerTo::connect : AnswerTo::other;
}

Result<Event> Parser::next(base::ConstBytes& input) {
  return impl_->next(input);
}
Result<Event> Parser::finish() {
  return impl_->finish();
}

const RequestHead& Parser::request() const noexcept {
  return impl_->request;
}
RequestHead& Parser::request() noexcept {
  return impl_->request;
}
const ResponseHead& Parser::response() const noexcept {
  return impl_->response;
}
ResponseHead& Parser::response() noexcept {
  return impl_->response;
}
base::ConstBytes Parser::body() const noexcept {
  return impl_->body;
}
std::span<const Field> Parser::trailers() const noexcept {
  return impl_->trailers;
}

bool Parser::in_head() const noexcept {
  return impl_->in_head();
}
bool Parser::in_message() const noexcept {
  return impl_->phase == Impl::Phase::head ? impl_->in_head() : impl_->phase != Impl::Phase::failed;
}

}  // namespace cordon::http1
