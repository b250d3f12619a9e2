#include "postgres/startup.hpp"

#include <algorithm>
#include <span>

#include "postgres/frame.hpp"

namespace cordon::postgres {

namespace {

// What stands where a StartupMessage has its version: 1234 as the major number.
constexpr std::uint32_t kCancelRequestCode = 80'877'102;
constexpr std::uint32_t kSslRequestCode = 80'877'103;
constexpr std::uint32_t kGssencRequestCode = 80'877'104;

constexpr std::uint16_t kMajorVersion = 3;
constexpr std::byte kTlsHandshake{0x16};

std::unexpected<Refusal> malformed(std::string_view sentence) {
  return refuse(kProtocolViolation, sentence);
}

bool has_repeated_name(const std::vector<Parameter>& parameters) {
  std::vector<std::string_view> names;
  names.reserve(parameters.size());
  for (const Parameter& parameter : parameters)
    names.push_back(parameter.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

/// Names and values up to the empty name, which is the end of the packet too.
Accepted<std::vector<Parameter>> parse_parameters(base::ConstBytes bytes) {
  std::vector<Parameter> parameters;
  for (;;) {
    const auto name = take_string(bytes);
    if (!name) return malformed("a StartupMessage ends without its terminator");
    if (name->empty()) break;
    const auto value = take_string(bytes);
    if (!value) return malformed("a StartupMessage has a parameter without a value");
    parameters.push_back({*name, *value});
  }
  if (!bytes.empty()) return malformed("a StartupMessage goes on after its terminator");
  return parameters;
}

Accepted<StartupPacket> parse_startup_message(ProtocolVersion version, base::ConstBytes rest) {
  if (version.major != kMajorVersion) {
    return refuse(kFeatureNotSupported, "unsupported frontend protocol: this is a server of protocol 3");
  }
  auto parameters = parse_parameters(rest);
  if (!parameters) return std::unexpected(parameters.error());
  // A server takes the last one, another program may look at the first.
  if (has_repeated_name(*parameters)) return malformed("a StartupMessage has a parameter twice");
  StartupMessage message{version, *std::move(parameters)};
  if (message.user().empty()) return refuse(kInvalidAuthorization, "a StartupMessage names no user");
  return message;
}

Accepted<StartupPacket> parse_packet(base::ConstBytes packet) {
  const std::uint32_t code = read_int32(packet);
  const base::ConstBytes rest = packet.subspan(4);
  if (code == kCancelRequestCode) {
    const auto key = parse_backend_key(rest);
    if (!key) return std::unexpected(key.error());
    return CancelRequest{*key};
  }
  if (code != kSslRequestCode && code != kGssencRequestCode) {
    return parse_startup_message(ProtocolVersion::from_wire(code), rest);
  }
  if (!rest.empty()) return malformed("an SSLRequest or GSSENCRequest is not of 8 bytes");
  if (code == kSslRequestCode) return SSLRequest{};
  return GSSENCRequest{};
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

/// Whether `value` is `word` or the beginning of it, of at least `least` letters.
bool abbreviates(std::string_view value, std::string_view word, std::size_t least) noexcept {
  return value.size() >= least && equals_ignoring_case(value, word.substr(0, value.size()));
}

/// A server's reading of a Boolean: `false`, `no`, `off` and their beginnings that are no other word's, `0`.
bool is_false(std::string_view value) noexcept {
  return abbreviates(value, "false", 1) || abbreviates(value, "no", 1) || abbreviates(value, "off", 2) || value == "0";
}

}  // namespace

std::optional<std::string_view> StartupMessage::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found == parameters.end()) return std::nullopt;
  return found->value;
}

std::string_view StartupMessage::database() const noexcept {
  const std::string_view named = find("database").value_or(std::string_view{});
  return named.empty() ? user() : named;
}

Accepted<std::optional<StartupPacket>> next_startup_packet(base::ConstBytes& input) {
  constexpr std::size_t kLength = 4;
  if (input.size() < kLength) return std::nullopt;
  const std::size_t length = read_int32(input);
  if (length < kMinStartupPacket || length > kMaxStartupPacket) {
    return malformed("a startup packet's length is not within 8 and 10,000 bytes");
  }
  if (input.size() < length) return std::nullopt;
  const auto packet = parse_packet(input.subspan(kLength, length - kLength));
  if (!packet) return std::unexpected(packet.error());
  input = input.subspan(length);
  return *packet;
}

bool begins_direct_tls(base::ConstBytes input) noexcept {
  return !input.empty() && input.front() == kTlsHandshake;
}

bool is_terminate(base::ConstBytes input) noexcept {
  return base::as_text(input) == std::string_view("X\0\0\0\x04", 5);
}

bool asks_for_replication(const StartupMessage& message) noexcept {
  const auto value = message.find("replication");
  return value && !is_false(*value);
}

Accepted<> compose_startup_message(const StartupMessage& client, std::string_view role, base::WipedBuffer& out) {
  const Int32 version(client.version.to_wire());
  std::vector<std::string_view> parts = {version.view()};
  std::size_t length = 4 + version.view().size() + kNul.size();
  const auto add = [&](std::string_view name, std::string_view value) {
    parts.insert(parts.end(), {name, kNul, value, kNul});
    length += name.size() + value.size() + 2 * kNul.size();
  };
  for (const auto& [name, value] : client.parameters) {
    if (name == "user") {
      add(name, role);
    } else {
      add(name, name == "database" ? client.database() : value);
    }
  }
  if (!client.find("database")) add("database", client.database());
  parts.push_back(kNul);
  if (length > kMaxStartupPacket) return malformed("the StartupMessage is over the server's bound of 10,000 bytes");
  append_packet(out, parts);
  return {};
}

void compose_ssl_request(base::WipedBuffer& out) {
  const Int32 code(kSslRequestCode);
  append_packet(out, {{code.view()}});
}

void compose_cancel_request(const BackendKey& key, base::WipedBuffer& out) {
  const Int32 code(kCancelRequestCode);
  const Int32 process_id(key.process_id);
  const std::string_view parts[] = {code.view(), process_id.view(), base::as_text(key.secret_key)};
  append_packet(out, parts);
}

SslAnswer parse_ssl_answer(std::byte answer) noexcept {
  switch (static_cast<char>(answer)) {
    case 'S':
      return SslAnswer::tls;
    case 'N':
      return SslAnswer::plaintext;
    case 'E':
      return SslAnswer::error;
    default:
      return SslAnswer::nonsense;
  }
}

}  // namespace cordon::postgres
