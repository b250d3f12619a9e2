// Whatever StartupMessage is accepted, the origin gets it with our role, with the database that the client meant, and with all
// else as it came; whatever is refused is refused with a proper SQLSTATE; and a packet is one packet however its bytes arrive.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "fuzz/require.hpp"
#include "postgres/frame.hpp"
#include "postgres/startup.hpp"

namespace cordon::fuzz {
namespace {

using namespace postgres;

constexpr std::string_view kRole = "app_user";

void require_same_parameters(const StartupMessage& client, const StartupMessage& origin) {
  const std::size_t count = client.parameters.size();
  require(origin.parameters.size() == count + (client.find("database") ? 0 : 1), "no parameter comes or goes");
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [name, value] = client.parameters[i];
    require(origin.parameters[i].name == name, "the parameters keep their order");
    if (name == "user" || name == "database") continue;
    require(origin.parameters[i].value == value, "their values pass");
  }
}

void require_one_session(const StartupMessage& client) {
  require(!client.user().empty(), "there is a user");
  base::WipedBuffer out;
  if (!compose_startup_message(client, kRole, out)) {
    require(out.empty(), "what is too long is not written");
    return;
  }
  base::ConstBytes input = out.bytes();
  const auto packet = next_startup_packet(input);
  require(packet && *packet && input.empty(), "what we write is one packet");
  const auto* origin = std::get_if<StartupMessage>(&**packet);
  require(origin != nullptr, "and a StartupMessage");
  require(origin->user() == kRole, "of our role");
  require(origin->find("database") == client.database(), "for the database that the client means");
  require(origin->version == client.version && origin->version.major == 3, "of the same version");
  require(asks_for_replication(*origin) == asks_for_replication(client), "for the same kind of session");
  require_same_parameters(client, *origin);
}

void require_same_cancel(const CancelRequest& request, std::string_view bytes) {
  base::WipedBuffer out;
  compose_cancel_request(request.key, out);
  require(out.view() == bytes, "what is written of a CancelRequest is the CancelRequest");
}

void require_packets(std::string_view text, std::size_t cut) {
  base::ConstBytes input = base::as_bytes(text);
  for (;;) {
    const std::string_view before = base::as_text(input);
    const auto packet = next_startup_packet(input);
    if (!packet) require(SqlState::parse(packet.error().sqlstate.view()).has_value(), "a refusal has an SQLSTATE");
    if (!packet || !*packet) {
      require(input.size() == before.size(), "nothing is taken without a packet");
      return;
    }
    const std::string_view bytes = before.substr(0, before.size() - input.size());
    require(bytes.size() >= kMinStartupPacket && bytes.size() <= kMaxStartupPacket, "the bounds hold");
    base::ConstBytes part = base::as_bytes(bytes.substr(0, cut % bytes.size()));
    const auto early = next_startup_packet(part);
    require(early && !*early, "a part of it is awaited");
    if (const auto* message = std::get_if<StartupMessage>(&**packet)) require_one_session(*message);
    if (const auto* request = std::get_if<CancelRequest>(&**packet)) require_same_cancel(*request, bytes);
  }
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  cordon::fuzz::require_packets({reinterpret_cast<const char*>(data) + 2, size - 2}, data[0] * 256U + data[1]);
  return 0;
}
