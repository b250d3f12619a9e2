#include "http1/parser.hpp"

#include <llhttp.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "http1/head_buffer.hpp"
#include "http1/head_reader.hpp"

namespace cordon::http1 {

namespace {

// Nobody reads chunk extensions (RFC 9112, section 7.1.1), and no sender has reason for this many bytes in one.
constexpr std::size_t kMaxChunkExtension = 4096;

// What llhttp reads in place of the start line, which the framing fields' meaning does not depend on.
constexpr std::string_view kRequestLine = "POST / HTTP/1.1\r\n";
constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";

}  // namespace

// A head is collected whole and taken apart by our own code (head_reader). Where fields decide how long the message is,
// llhttp reads these as well, and both must agree. Chunked bodies are decoded by llhttp, the others counted here.
// docs/decisions/0001-http-heads.md says why.
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
  void forget_message() noexcept;
  Result<Event> end() noexcept;

  Refusal confirm_framing();
  bool feed(std::string_view text) noexcept;
  Phase phase_of(const Framing& framing) noexcept;

  std::unexpected<Error> refuse(const Refusal& refusal);
  std::unexpected<Error> refuse(const char* reason) { return refuse({Errc::bad_request, reason}); }

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

std::unexpected<Error> Parser::Impl::refuse(const Refusal& refusal) {
  phase = Phase::failed;
  return fail(kind == Kind::request ? refusal.code : Errc::upstream_protocol, refusal.reason);
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

void Parser::Impl::forget_message() noexcept {
  if (phase != Phase::head || !head_is_old) return;
  head_is_old = false;
  head_text.clear();
  trailer_text.clear();
  trailers.clear();
}

Result<Event> Parser::Impl::read_head(base::ConstBytes& input) {
  if (input.empty()) return Event::need_more;
  forget_message();
  const auto status = head_text.take(input);
  if (status == HeadBuffer::Status::incomplete) return Event::need_more;
  if (status != HeadBuffer::Status::complete) return refuse(refuse_collected(status, head_text));
  const Refusal refusal = kind == Kind::request ? read_request_head(head_text, request)
                                                : read_response_head(head_text, answer_to, response);
  if (refusal) return refuse(refusal);
  if (const Refusal doubt = confirm_framing()) return refuse(doubt);
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

bool Parser::Impl::feed(std::string_view text) noexcept {
  return llhttp_execute(&machine, text.data(), text.size()) == HPE_OK;
}

Refusal Parser::Impl::confirm_framing() {
  if (framing().kind == Framing::Kind::none || framing().kind == Framing::Kind::until_close) return {};
  llhttp_init(&machine, kind == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &kSettings);
  machine.data = this;
  machine_saw_head = false;
  bool accepted = feed(kind == Kind::request ? kRequestLine : kStatusLine);
  for (std::size_t i = 0; accepted && i < fields().size(); ++i) {
    if (is_framing(fields()[i].id)) accepted = feed(head_text.whole_line(i + 1));
  }
  accepted = accepted && feed("\r\n") && machine_saw_head;
  const bool chunked = framing().kind == Framing::Kind::chunked;
  const bool agrees = machine_chunked == chunked && (chunked || machine_length == framing().length);
  return {Errc::bad_request, accepted && agrees ? nullptr : "the length of the message can be read in two ways"};
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
  if (status != HeadBuffer::Status::complete) return refuse(refuse_collected(status, trailer_text));
  if (const Refusal refusal = read_trailer_fields(trailer_text, trailers)) return refuse(refusal);
  return end();
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

void Parser::forget_message() noexcept {
  impl_->forget_message();
}

std::size_t Parser::capacity() const noexcept {
  return impl_->head_text.capacity() + impl_->trailer_text.capacity() + impl_->fields().capacity() * sizeof(Field);
}

bool Parser::in_head() const noexcept {
  return impl_->in_head();
}
bool Parser::in_message() const noexcept {
  return impl_->phase == Impl::Phase::head ? impl_->in_head() : impl_->phase != Impl::Phase::failed;
}

}  // namespace cordon::http1
