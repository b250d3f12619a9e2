#include "postgres/authentication.hpp"

namespace cordon::postgres {

namespace {

void append_authentication(AuthenticationCode code, base::WipedBuffer& out) {
  append_frame(out, 'R', {Int32(to_wire(code)).view()});
}

}  // namespace

void compose_authentication_ok(base::WipedBuffer& out) {
  append_authentication(AuthenticationCode::ok, out);
}

void compose_authentication_cleartext_password(base::WipedBuffer& out) {
  append_authentication(AuthenticationCode::cleartext_password, out);
}

Accepted<std::string_view> parse_password_message(const Frame& frame) {
  base::ConstBytes rest = frame.payload;
  const auto password = take_string(rest);
  if (frame.type != 'p' || !password || !rest.empty()) {
    return refuse(kProtocolViolation, "a PasswordMessage was expected");
  }
  return *password;
}

void compose_password_message(std::string_view password, base::WipedBuffer& out) {
  append_frame(out, 'p', {password, kNul});
}

}  // namespace cordon::postgres
