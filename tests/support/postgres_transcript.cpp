#include "support/postgres_transcript.hpp"

#include <algorithm>
#include <stdexcept>

#include "postgres/login.hpp"
#include "postgres/startup.hpp"
#include "support/escapes.hpp"

namespace cordon::testing {

namespace {

using namespace std::literals;
using postgres::Login;
using postgres::LoginStep;
using postgres::Refusal;

constexpr std::string_view kRole = "app_user";
constexpr std::string_view kSecret = "C4N4RY";
constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";

/// The manual's name of a message, and how its bytes begin.
struct Name {
  std::string_view name;
  char type;
  std::string_view begin;
};

constexpr Name kNames[] = {
    {"AuthenticationOk", 'R', "\0\0\0\0"sv},
    {"AuthenticationKerberosV5", 'R', "\0\0\0\2"sv},
    {"AuthenticationCleartextPassword", 'R', "\0\0\0\3"sv},
    {"AuthenticationMD5Password", 'R', "\0\0\0\5"sv},
    {"AuthenticationGSS", 'R', "\0\0\0\7"sv},
    {"AuthenticationSSPI", 'R', "\0\0\0\x09"sv},
    {"AuthenticationSASL", 'R', "\0\0\0\x0a"sv},
    {"AuthenticationSASLContinue", 'R', "\0\0\0\x0b"sv},
    {"AuthenticationSASLFinal", 'R', "\0\0\0\x0c"sv},
    {"Authentication", 'R', ""sv},
    {"ErrorResponse", 'E', ""sv},
    {"NoticeResponse", 'N', ""sv},
    {"NegotiateProtocolVersion", 'v', ""sv},
    {"ParameterStatus", 'S', ""sv},
    {"BackendKeyData", 'K', ""sv},
    {"ReadyForQuery", 'Z', ""sv},
};

std::string message_bytes(std::string_view text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view name = text.substr(0, space);
  const std::string content = unescape(text.substr(std::min(space + 1, text.size())));
  if (name == "bytes") return content;
  base::WipedBuffer out;
  if (name == "packet") {
    const std::string_view parts[] = {content};
    postgres::append_packet(out, parts);
    return std::string(out.view());
  }
  const auto* row = std::ranges::find(kNames, name, &Name::name);
  if (row == std::end(kNames)) throw std::runtime_error("no message of this name");
  postgres::append_frame(out, row->type, {row->begin, content});
  return std::string(out.view());
}

/// escape(), with the byte that is most frequent here written shorter, unless a digit follows it.
std::string shown(std::string_view bytes) {
  std::string text = escape(bytes);
  for (std::size_t at = text.find("\\x00"); at != std::string::npos; at = text.find("\\x00", at + 1)) {
    const char next = at + 4 < text.size() ? text[at + 4] : '\0';
    if (next < '0' || next > '9') text.replace(at, 4, "\\0");
  }
  return text;
}

std::string describe(const Refusal& refusal) {
  const char* by = refusal.by == Refusal::By::origin ? " by the origin: " : " by Cordon: ";
  return "refused " + std::string(refusal.sqlstate.view()) + by + std::string(refusal.sentence);
}

std::string describe_key(const postgres::BackendKey& key) {
  return std::to_string(key.process_id) + " " + shown(base::as_text(key.secret_key));
}

class Player {
 public:
  explicit Player(const PostgresDialogue& dialogue)
      : settings_(dialogue.settings),
        login_(
            {std::string(kRole), has("plaintext") ? postgres::Transport::plaintext : postgres::Transport::verified_tls,
             unescape(setting("end-point")),
             has("allow_weak_auth") ? postgres::WeakAuth::allowed : postgres::WeakAuth::refused, std::string(kNonce)}),
        secret_(kSecret) {}

  std::vector<std::string> take(const PostgresExchange& exchange, Arrival arrival) {
    lines_.clear();
    const std::size_t piece = arrival == Arrival::whole ? std::max<std::size_t>(1, exchange.bytes.size()) : 1;
    std::string arrived;
    for (std::size_t at = 0; at < exchange.bytes.size() && !over_; at += piece) {
      arrived += exchange.bytes.substr(at, piece);
      base::ConstBytes input = base::as_bytes(arrived);
      while (!over_ && (exchange.from == PostgresExchange::From::client ? take_packet(input) : take_frame(input))) {
      }
      arrived.erase(0, arrived.size() - input.size());
    }
    if (!arrived.empty() && !over_) say("incomplete");
    return lines_;
  }

 private:
  bool has(std::string_view name) const { return settings_.contains(name); }

  std::string setting(std::string_view name) const {
    const auto found = settings_.find(name);
    return found == settings_.end() ? "" : found->second;
  }

  void say(std::string line) { lines_.push_back(std::move(line)); }

  bool end(const Refusal& refusal) {
    say(describe(refusal));
    over_ = true;
    return false;
  }

  /// @returns whether one was there
  bool take_packet(base::ConstBytes& input) {
    const auto packet = postgres::next_startup_packet(input);
    if (!packet) return end(packet.error());
    if (!*packet) return false;
    std::visit([this](const auto& request) { on_packet(request); }, **packet);
    return true;
  }

  void on_packet(const postgres::SSLRequest&) { say("SSLRequest"); }
  void on_packet(const postgres::GSSENCRequest&) { say("GSSENCRequest"); }
  void on_packet(const postgres::CancelRequest& request) { say("CancelRequest " + describe_key(request.key)); }

  void on_packet(const postgres::StartupMessage& message) {
    say("StartupMessage " + std::to_string(message.version.major) + "." + std::to_string(message.version.minor) +
        "; user " + shown(message.user()) + "; database " + shown(message.database()) +
        (postgres::asks_for_replication(message) ? "; replication" : ""));
    base::WipedBuffer out;
    if (const auto composed = postgres::compose_startup_message(message, kRole, out); !composed) {
      end(composed.error());
    } else {
      say("origin gets " + shown(out.view().substr(4)));
    }
  }

  /// @returns whether one was there
  bool take_frame(base::ConstBytes& input) {
    const auto frame = postgres::next_frame(input, postgres::kMaxLoginPayload);
    if (!frame) return end(frame.error());
    if (!*frame) return false;
    on_step(login_.on_server_message(**frame, secret_));
    return true;
  }

  void on_step(const postgres::Accepted<LoginStep>& step) {
    if (!step) {
      end(step.error());
      return;
    }
    switch (step->kind) {
      case LoginStep::Kind::none:
        return say("nothing");
      case LoginStep::Kind::send:
        return say("sends " + shown(step->message.view().substr(0, 1)) + " " + shown(step->message.view().substr(5)));
      case LoginStep::Kind::derive:
        return derive(step->derivation);
      case LoginStep::Kind::pass_on:
        return say("passes on");
      case LoginStep::Kind::done:
        return say("logged in");
    }
  }

  void derive(const postgres::Derivation& derivation) {
    say("derives; " + std::to_string(derivation.salt.size()) + " bytes of salt; " +
        std::to_string(derivation.iterations) + " iterations");
    const auto salted = postgres::derive_salted_password(kSecret, derivation);
    if (!salted) throw std::runtime_error("deriving failed");
    on_step(login_.on_salted_password(*salted));
  }

  const decltype(DialogueHead::settings)& settings_;
  Login login_;
  Secret secret_;
  std::vector<std::string> lines_;
  bool over_ = false;
};

/// Adds one line of a file to the dialogue that it belongs to.
void add_line(std::string_view line, PostgresDialogue& dialogue) {
  using From = PostgresExchange::From;
  constexpr std::string_view kClient = "client> ";
  constexpr std::string_view kOrigin = "origin> ";
  if (line.starts_with(kClient)) {
    dialogue.exchanges.push_back({From::client, message_bytes(line.substr(kClient.size())), {}});
  } else if (line.starts_with(kOrigin)) {
    dialogue.exchanges.push_back({From::origin, message_bytes(line.substr(kOrigin.size())), {}});
  } else if (line.starts_with("< ") && !dialogue.exchanges.empty()) {
    dialogue.exchanges.back().expected.emplace_back(line.substr(2));
  } else {
    throw std::runtime_error("a line begins with none of `client>`, `origin>`, `<`, `!`, `#`, `==`");
  }
}

}  // namespace

std::vector<PostgresDialogue> load_postgres_dialogues(const std::filesystem::path& folder) {
  return load_dialogues<PostgresDialogue>(folder, add_line);
}

std::vector<std::vector<std::string>> play(const PostgresDialogue& dialogue, Arrival arrival) {
  Player player(dialogue);
  std::vector<std::vector<std::string>> outcomes;
  for (const PostgresExchange& exchange : dialogue.exchanges)
    outcomes.push_back(player.take(exchange, arrival));
  return outcomes;
}

}  // namespace cordon::testing
