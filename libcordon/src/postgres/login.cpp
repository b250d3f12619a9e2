#include "postgres/login.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <openssl/md5.h>

#include "base/locked_memory.hpp"
#include "postgres/error_response.hpp"

namespace cordon::postgres {

namespace {

constexpr std::string_view kScram = "SCRAM-SHA-256";
constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";

std::unexpected<Refusal> unexpected_message() {
  return refuse(kProtocolViolation, "the server sent a message that does not belong into the login");
}

std::unexpected<Refusal> too_weak(std::string_view sentence) {
  return refuse(kInvalidAuthorization, sentence);
}

LoginStep send(base::WipedBuffer message) {
  return {LoginStep::Kind::send, std::move(message), {}};
}

LoginStep step(LoginStep::Kind kind) {
  return {kind, {}, {}};
}

/// The mechanisms that AuthenticationSASL lists, of those that are known.
struct Mechanisms {
  bool scram = false;
  bool scram_plus = false;
};

std::optional<Mechanisms> parse_mechanisms(base::ConstBytes list) noexcept {
  Mechanisms offered;
  for (;;) {
    const auto name = take_string(list);
    if (!name) return std::nullopt;
    if (name->empty()) break;
    if (*name == kScram) offered.scram = true;
    if (*name == kScramPlus) offered.scram_plus = true;
  }
  if (!list.empty()) return std::nullopt;
  return offered;
}

/// Hexadecimal digits of an MD5, wiped when it ends.
class Md5Text {
 public:
  Md5Text(std::string_view first, std::string_view second) noexcept {
    constexpr std::string_view kHex = "0123456789abcdef";
    MD5_CTX context;
    std::array<std::uint8_t, MD5_DIGEST_LENGTH> digest{};
    MD5_Init(&context);
    MD5_Update(&context, first.data(), first.size());
    MD5_Update(&context, second.data(), second.size());
    MD5_Final(digest.data(), &context);
    for (std::size_t i = 0; i < digest.size(); ++i) {
      text_[2 * i] = kHex[digest[i] >> 4U];
      text_[2 * i + 1] = kHex[digest[i] & 0xFU];
    }
    base::wipe(digest.data(), digest.size());
    base::wipe(&context, sizeof context);
  }
  Md5Text(const Md5Text&) = delete;
  Md5Text& operator=(const Md5Text&) = delete;
  ~Md5Text() { base::wipe(text_.data(), text_.size()); }

  std::string_view view() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, std::size_t{2} * MD5_DIGEST_LENGTH> text_{};
};

}  // namespace

struct Login::Request {
  using Handler = Accepted<LoginStep> (Login::*)(base::ConstBytes rest, const Secret& password);

  AuthenticationCode code;
  State expected_in;
  Handler handler;
};

namespace {

/// A method that is never used.
struct Unsupported {
  AuthenticationCode code;
  std::string_view sentence;
};

constexpr Unsupported kUnsupported[] = {
    {AuthenticationCode::kerberos_v5, "the server asks for Kerberos V5, which is not supported"},
    {AuthenticationCode::crypt_password, "the server asks for a password hashed by crypt, which is not supported"},
    {AuthenticationCode::scm_credential, "the server asks for SCM credentials, which are not supported"},
    {AuthenticationCode::gss, "the server asks for GSSAPI, which is not supported"},
    {AuthenticationCode::gss_continue, "the server asks for GSSAPI, which is not supported"},
    {AuthenticationCode::sspi, "the server asks for SSPI, which is not supported"},
};

std::unexpected<Refusal> refuse_method(std::uint32_t code) {
  const auto* row =
      std::ranges::find_if(kUnsupported, [&](const Unsupported& one) { return to_wire(one.code) == code; });
  if (row != std::end(kUnsupported)) return too_weak(row->sentence);
  return too_weak("the server asks for a method of authentication that is not known");
}

}  // namespace

Login::Login(LoginSettings settings) : settings_(std::move(settings)) {
}

const Login::Request* Login::find_request(std::uint32_t code) noexcept {
  static constexpr Request kRequests[] = {
      {AuthenticationCode::cleartext_password, State::started, &Login::on_cleartext_password},
      {AuthenticationCode::md5_password, State::started, &Login::on_md5_password},
      {AuthenticationCode::sasl, State::started, &Login::on_sasl},
      {AuthenticationCode::sasl_continue, State::scram_first_sent, &Login::on_sasl_continue},
      {AuthenticationCode::sasl_final, State::scram_final_sent, &Login::on_sasl_final},
  };
  const auto* row = std::ranges::find_if(kRequests, [&](const Request& one) { return to_wire(one.code) == code; });
  return row == std::end(kRequests) ? nullptr : row;
}

Accepted<LoginStep> Login::on_server_message(const Frame& frame, const Secret& password) {
  switch (frame.type) {
    case 'R':
      return on_authentication(frame.payload, password);
    case 'E':
      return std::unexpected(read_refusal(frame.payload));
    case 'N':  // NoticeResponse: its text may name the real role
      return step(LoginStep::Kind::none);
    case 'v':
      return on_negotiate_protocol_version(frame.payload);
    default:
      return unexpected_message();
  }
}

Accepted<LoginStep> Login::on_negotiate_protocol_version(base::ConstBytes payload) {
  constexpr std::size_t kFixed = 8;
  constexpr std::string_view kOptionPrefix = "_pq_.";
  if (state_ != State::started || negotiated_ || payload.size() < kFixed) return unexpected_message();
  const std::uint32_t count = read_int32(payload.subspan(4));
  payload = payload.subspan(kFixed);
  std::uint32_t seen = 0;
  while (!payload.empty()) {
    const auto option = take_string(payload);
    if (!option || !option->starts_with(kOptionPrefix)) return unexpected_message();
    ++seen;
  }
  if (seen != count) return unexpected_message();
  negotiated_ = true;
  return step(LoginStep::Kind::pass_on);
}

Accepted<LoginStep> Login::on_authentication(base::ConstBytes payload, const Secret& password) {
  if (payload.size() < 4) return unexpected_message();
  const std::uint32_t code = read_int32(payload);
  const base::ConstBytes rest = payload.subspan(4);
  if (code == to_wire(AuthenticationCode::ok)) return on_ok(rest);
  const Request* request = find_request(code);
  if (request == nullptr) return refuse_method(code);
  if (state_ != request->expected_in) return unexpected_message();
  return (this->*request->handler)(rest, password);
}

Accepted<LoginStep> Login::on_ok(base::ConstBytes rest) {
  if (!rest.empty()) return unexpected_message();
  if (state_ == State::started && settings_.weak_auth == WeakAuth::refused) {
    return too_weak("the server asks for no password, which takes allow_weak_auth");
  }
  if (state_ != State::started && state_ != State::password_sent && state_ != State::origin_verified) {
    return unexpected_message();
  }
  state_ = State::over;
  return step(LoginStep::Kind::done);
}

Accepted<LoginStep> Login::on_cleartext_password(base::ConstBytes rest, const Secret& password) {
  if (!rest.empty()) return unexpected_message();
  if (settings_.weak_auth == WeakAuth::refused) {
    return too_weak("the server asks for the password in clear text, which takes allow_weak_auth");
  }
  if (settings_.transport != Transport::verified_tls) {
    return too_weak("the server asks for the password in clear text outside TLS");
  }
  state_ = State::password_sent;
  base::WipedBuffer message;
  compose_password_message(password.reveal(), message);
  return send(std::move(message));
}

Accepted<LoginStep> Login::on_md5_password(base::ConstBytes rest, const Secret& password) {
  constexpr std::size_t kSalt = 4;
  if (rest.size() != kSalt) return unexpected_message();
  if (settings_.weak_auth == WeakAuth::refused) {
    return too_weak("the server asks for the password's MD5, which takes allow_weak_auth");
  }
  state_ = State::password_sent;
  const Md5Text inner(password.reveal(), settings_.role);
  const Md5Text outer(inner.view(), base::as_text(rest));
  base::WipedBuffer message;
  append_frame(message, 'p', {"md5", outer.view(), kNul});
  return send(std::move(message));
}

Accepted<LoginStep> Login::on_sasl(base::ConstBytes rest, const Secret&) {
  const auto offered = parse_mechanisms(rest);
  if (!offered) return unexpected_message();
  const bool bound = offered->scram_plus && !settings_.end_point.empty();
  if (!bound && !offered->scram) {
    return too_weak("the server offers no SASL mechanism that can be used here: SCRAM-SHA-256 is missing");
  }
  const Gs2Flag unbound = settings_.end_point.empty() ? Gs2Flag::not_supported : Gs2Flag::not_offered;
  scram_ = ScramClient({settings_.nonce,
                        bound ? Gs2Flag::used : unbound,
                        bound ? settings_.end_point : std::string(),
                        settings_.weak_auth == WeakAuth::allowed ? 1 : kMinIterations,
                        {}});
  state_ = State::scram_first_sent;
  const std::string text = scram_.client_first_message();
  base::WipedBuffer message;
  append_frame(message, 'p',
               {bound ? kScramPlus : kScram, kNul, Int32(static_cast<std::uint32_t>(text.size())).view(), text});
  return send(std::move(message));
}

Accepted<LoginStep> Login::on_sasl_continue(base::ConstBytes rest, const Secret&) {
  auto derivation = scram_.on_server_first_message(base::as_text(rest));
  if (!derivation) return std::unexpected(derivation.error());
  state_ = State::deriving;
  return LoginStep{LoginStep::Kind::derive, {}, *std::move(derivation)};
}

Accepted<LoginStep> Login::on_salted_password(const Secret& salted_password) {
  if (state_ != State::deriving) return refuse(kInternalError, "no salted password was asked for");
  const auto text = scram_.client_final_message(salted_password);
  if (!text) return std::unexpected(text.error());
  state_ = State::scram_final_sent;
  base::WipedBuffer message;
  append_frame(message, 'p', {text->view()});
  return send(std::move(message));
}

Accepted<LoginStep> Login::on_sasl_final(base::ConstBytes rest, const Secret&) {
  if (const auto verified = scram_.on_server_final_message(base::as_text(rest)); !verified) {
    return std::unexpected(verified.error());
  }
  state_ = State::origin_verified;
  return step(LoginStep::Kind::none);
}

}  // namespace cordon::postgres
