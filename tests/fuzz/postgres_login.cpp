// Whatever an origin sends: the password goes out in clear text only where weak methods are allowed and the connection is
// verified TLS; without weak methods a login ends well only after a proof; and no refusal holds the origin's words.
#include <cstdint>
#include <string>
#include <string_view>

#include <cordon/secret.hpp>

#include "fuzz/require.hpp"
#include "postgres/login.hpp"

namespace cordon::fuzz {
namespace {

using namespace postgres;

constexpr std::string_view kSecret = "C4N 4RY";  // no nonce that is repeated has a space
constexpr std::string_view kRole = "app_user";

class Origin {
 public:
  /// The bits of `choices` are what the listener's settings and the connection may be.
  explicit Origin(std::uint8_t choices)
      : weak_((choices & 1U) != 0),
        tls_((choices & 2U) != 0),
        login_({std::string(kRole), tls_ ? Transport::verified_tls : Transport::plaintext,
                (choices & 4U) != 0 ? std::string(32, '\x7f') : std::string(),
                weak_ ? WeakAuth::allowed : WeakAuth::refused, "rOprNGfwEbeRWgbNEkqO"}) {}

  /// @returns whether there may be more
  bool take(const Frame& frame) { return judge(login_.on_server_message(frame, secret_)); }

 private:
  bool judge(const Accepted<LoginStep>& step) {
    if (!step) return refused(step.error());
    if (step->kind == LoginStep::Kind::send) sent(step->message.view());
    if (step->kind == LoginStep::Kind::derive) return derive(step->derivation);
    if (step->kind != LoginStep::Kind::done) return true;
    require(weak_ || derived_, "nobody is in without a proof");
    return false;
  }

  bool derive(const Derivation& derivation) {
    require(!derivation.salt.empty() && derivation.salt.size() <= kMaxSalt, "the salt is within its bounds");
    require(derivation.iterations <= kMaxIterations, "the iterations are within their bound");
    require(weak_ ? derivation.iterations > 0 : derivation.iterations >= kMinIterations, "on both sides");
    require(!derived_, "once");
    derived_ = true;
    return judge(login_.on_salted_password(salted_));  // as if from a cache: deriving takes too long here
  }

  void sent(std::string_view message) const {
    const bool clear = message.find(kSecret) != std::string_view::npos;
    require(!clear || (weak_ && tls_), "the password is not shown");
    require(message.starts_with('p'), "what is sent is an answer");
  }

  static bool refused(const Refusal& refusal) {
    require(SqlState::parse(refusal.sqlstate.view()).has_value(), "a refusal has an SQLSTATE");
    const std::string message = message_for_client(refusal, "shop");
    require(!message.empty(), "and a sentence");
    for (const char c : message)
      require(c >= ' ' && c <= '~', "of ours");
    return false;
  }

  bool weak_;
  bool tls_;
  bool derived_ = false;
  Login login_;
  Secret secret_{kSecret};
  Secret salted_{std::string(32, 's')};
};

void require_login(std::uint8_t choices, std::string_view text) {
  Origin origin(choices);
  base::ConstBytes input = base::as_bytes(text);
  for (;;) {
    const auto frame = next_frame(input, kMaxLoginPayload);
    if (!frame || !*frame || !origin.take(**frame)) return;
  }
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  cordon::fuzz::require_login(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
