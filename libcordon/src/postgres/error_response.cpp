#include "postgres/error_response.hpp"

#include "postgres/frame.hpp"

namespace cordon::postgres {

namespace {

constexpr std::string_view kFatal = "FATAL";

std::unexpected<Refusal> malformed() {
  return refuse(kProtocolViolation, "the server sent a malformed ErrorResponse");
}

/// The fields that are of use, as texts.
struct Fields {
  std::string_view localized_severity;  ///< S
  std::string_view severity;            ///< V
  std::string_view code;                ///< C

  void set(char type, std::string_view value) noexcept {
    if (type == 'S') localized_severity = value;
    if (type == 'V') severity = value;
    if (type == 'C') code = value;
  }
};

}  // namespace

Accepted<ErrorResponse> parse_error_response(base::ConstBytes payload) {
  Fields fields;
  while (!payload.empty() && payload.front() != std::byte{0}) {
    const char type = static_cast<char>(payload.front());
    payload = payload.subspan(1);
    const auto value = take_string(payload);
    if (!value) return malformed();
    fields.set(type, *value);
  }
  const auto sqlstate = SqlState::parse(fields.code);
  const std::string_view severity = fields.severity.empty() ? fields.localized_severity : fields.severity;
  if (payload.size() != 1 || !sqlstate || severity.empty()) return malformed();
  return ErrorResponse{severity, *sqlstate};
}

Refusal read_refusal(base::ConstBytes payload) {
  const auto error = parse_error_response(payload);
  return error ? refusal_by_origin(error->sqlstate) : error.error();
}

void compose_error_response(SqlState sqlstate, std::string_view message, base::WipedBuffer& out) {
  const std::string_view text = message.substr(0, message.find('\0'));
  append_frame(out, 'E', {"S", kFatal, kNul, "V", kFatal, kNul, "C", sqlstate.view(), kNul, "M", text, kNul, kNul});
}

void compose_error_response(const Refusal& refusal, std::string_view client_database, base::WipedBuffer& out) {
  compose_error_response(refusal.sqlstate, message_for_client(refusal, client_database), out);
}

}  // namespace cordon::postgres
