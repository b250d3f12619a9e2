#include "http1/serializer.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "http1/ascii.hpp"
#include "http1/base64.hpp"
#include "http1/framing.hpp"

namespace cordon::http1 {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kWebsocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view kChunked = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view kLength = "Content-Length: ";
constexpr std::string_view kBasic = "Basic ";
constexpr std::size_t kMaxDigits = 20;
// More than everything that a head gets besides the parts that are counted one by one.
constexpr std::size_t kFixedParts = 128;

/// Writes into memory whose size was worked out before.
class Writer {
 public:
  explicit Writer(char* to) noexcept : begin_(to), at_(to) {}

  void text(std::string_view text) noexcept { at_ = std::copy(text.begin(), text.end(), at_); }
  void number(std::uint64_t value) noexcept { at_ = std::to_chars(at_, at_ + kMaxDigits, value).ptr; }
  void field(const Field& field) noexcept {
    const char* name = field.name.data();
    const std::size_t value_at = field.name.size() + kSeparator.size();
    if (field.value.data() == name + value_at && field.value.data()[-1] == ' ') {
      // As nearly all senders write it, and as it is written here: one copy instead of four.
      text({name, value_at + field.value.size()});
    } else {
      text(field.name);
      text(kSeparator);
      text(field.value);
    }
    text(kCrlf);
  }
  /// Where to write next, for a writer of another kind that returns where it stopped.
  char* at() const noexcept { return at_; }
  void move_to(char* at) noexcept { at_ = at; }

  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

std::size_t bound_of(const std::vector<Field>& fields) noexcept {
  std::size_t bound = kFixedParts;
  for (const Field& field : fields)
    bound += field.name.size() + field.value.size() + kSeparator.size() + kCrlf.size();
  return bound;
}

std::size_t bound_of(const HeaderEdit& edit) noexcept {
  const std::size_t value = edit.prefix.size() + edit.value.size() + 1;
  return edit.name.size() + kSeparator.size() + kBasic.size() + base64_size(value) + kCrlf.size();
}

bool is_removed(std::string_view name, std::span<const HeaderEdit> edits) noexcept {
  return std::ranges::any_of(edits, [name](const HeaderEdit& edit) {
    return edit.kind == HeaderEdit::Kind::remove && equals_ignoring_case(edit.name, name);
  });
}

void write_framing(const Framing& framing, Writer& out) noexcept {
  if (framing.kind == Framing::Kind::chunked) {
    out.text(kChunked);
  } else if (framing.kind == Framing::Kind::length) {
    out.text(kLength);
    out.number(framing.length);
    out.text(kCrlf);
  }
}

void write_edit(const HeaderEdit& edit, Writer& out) noexcept {
  if (edit.kind == HeaderEdit::Kind::remove) return;
  out.text(edit.name);
  out.text(kSeparator);
  if (edit.kind == HeaderEdit::Kind::add_basic) {
    out.text(kBasic);
    out.move_to(write_base64({edit.prefix, ":", edit.value}, out.at()));
  } else {
    out.text(edit.prefix);
    if (!edit.prefix.empty()) out.text(" ");
    out.text(edit.value);
  }
  out.text(kCrlf);
}

/// A client that does not know chunks reads until the connection closes.
Framing framing_for(const Framing& framing, Version client_version) noexcept {
  const bool unknown = framing.kind == Framing::Kind::chunked && client_version == Version::http_1_0;
  return unknown ? Framing{Framing::Kind::until_close, 0} : framing;
}

void write_persistence(const Framing& framing, Version client_version, Persistence persistence, Writer& out) noexcept {
  if (persistence == Persistence::close || framing.kind == Framing::Kind::until_close) {
    out.text("Connection: close\r\n");
  } else if (client_version == Version::http_1_0) {
    out.text("Connection: keep-alive\r\n");
  }
}

void write_status_line(const ResponseHead& response, Writer& out) noexcept {
  out.text("HTTP/1.1 ");
  out.number(static_cast<std::uint64_t>(response.status));
  out.text(" ");
  out.text(response.reason);
  out.text(kCrlf);
}

std::size_t write_response(const ResponseHead& response, Version client_version, Persistence persistence,
                           char* to) noexcept {
  Writer out(to);
  const Framing framing = framing_for(response.framing, client_version);
  write_status_line(response, out);
  for (const Field& field : response.fields) {
    // Without a body the length that the origin tells is a fact about another answer, kept by hop_by_hop.
    const bool rewritten = is_framing(field.id) && framing.kind != Framing::Kind::none;
    if (!field.dropped && !rewritten) out.field(field);
  }
  if (response.status == 101) {
    out.text(kWebsocket);
  } else if (response.status >= 200) {
    if (response.status != 204 && response.status != 304) write_framing(framing, out);
    write_persistence(framing, client_version, persistence, out);
  }
  out.text(kCrlf);
  return out.size();
}

}  // namespace

void serialize(const RequestHead& request, std::string_view target, std::string_view host,
               std::span<const HeaderEdit> edits, base::WipedBuffer& out) {
  std::size_t bound = bound_of(request.fields) + request.method.size() + target.size() + host.size();
  for (const HeaderEdit& edit : edits)
    bound += bound_of(edit);
  const base::MutableBytes space = out.prepare(bound);
  Writer writer(reinterpret_cast<char*>(space.data()));
  writer.text(request.method);
  writer.text(" ");
  writer.text(target);
  writer.text(" HTTP/1.1\r\nHost: ");
  writer.text(host);
  writer.text(kCrlf);
  for (const Field& field : request.fields) {
    // Framing is written anew, whatever hop_by_hop has marked: two such fields would be two messages to someone.
    const bool passes = !field.dropped && field.id != FieldName::host && !is_framing(field.id);
    if (passes && !is_removed(field.name, edits)) writer.field(field);
  }
  if (request.wants_websocket) writer.text(kWebsocket);
  write_framing(request.framing, writer);
  for (const HeaderEdit& edit : edits)
    write_edit(edit, writer);
  writer.text(kCrlf);
  assert(writer.size() <= bound);
  out.commit(writer.size());
}

void serialize(const ResponseHead& response, Version client_version, Persistence persistence, std::string& out) {
  const std::size_t before = out.size();
  const std::size_t bound = bound_of(response.fields) + response.reason.size();
  out.resize_and_overwrite(before + bound, [&](char* text, std::size_t) {
    return before + write_response(response, client_version, persistence, text + before);
  });
}

void append_chunk_head(std::uint64_t size, std::string& out) {
  char digits[2 * sizeof size];
  const char* end = std::to_chars(std::begin(digits), std::end(digits), size, 16).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
  out += kCrlf;
}

void append_last_chunk(std::span<const Field> trailers, std::span<const HeaderEdit> edits, std::string& out) {
  out += "0\r\n";
  for (const Field& field : trailers) {
    if (field.dropped || is_removed(field.name, edits)) continue;
    out.append(field.name).append(kSeparator).append(field.value).append(kCrlf);
  }
  out += kCrlf;
}

}  // namespace cordon::http1
