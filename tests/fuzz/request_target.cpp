// A host has one canonical form: what one check sees as a host, every other check sees as the same (D13).
#include <cstdint>

#include "config/host_name.hpp"
#include "fuzz/http_fuzz.hpp"
#include "http1/target.hpp"

namespace cordon::fuzz {
namespace {

void require_canonical(const std::string& host) {
  const auto again = config::canonical_host(host.contains(':') ? "[" + host + "]" : host);
  require(again.has_value() && *again == host, "the canonical form of a canonical form is itself");
  require(host.find_first_of("@/\\?#%[] \t") == std::string::npos, "no delimiter is left in a canonical host");
  for (const char c : host) {
    require(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f, "nor anything unprintable");
    require(c < 'A' || c > 'Z', "nor upper case");
  }
  require(!host.empty() && host.back() != '.', "nor a trailing dot");
}

void require_target(std::string_view method, std::string_view text) {
  const auto target = http1::parse_target(method, text);
  if (!target || target->authority.empty()) return;
  require(!target->authority.contains('@'), "an authority has no user information");
  const auto place = config::parse_authority(target->authority, method == "CONNECT" ? 0 : 80);
  if (!place) return;
  require(place->port != 0, "a port is never 0");
  require_canonical(place->host);
}

}  // namespace
}  // namespace cordon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view method : {"GET", "CONNECT", "OPTIONS"})
    cordon::fuzz::require_target(method, text);
  if (const auto host = cordon::config::canonical_host(text)) cordon::fuzz::require_canonical(*host);
  return 0;
}
