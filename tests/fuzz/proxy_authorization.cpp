// authenticate on any field values, one a line: no crash, one of three errors, and a token only for a single field that is Basic and
// the base64 of the right credential and nothing else.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/proxy_auth.hpp"
#include "tokens/token_value.hpp"

namespace {

// base64 of `shop:cdn_` and 42 times `a`, then `1`: the last four bits before the padding mean nothing.
constexpr std::string_view kGood = "c2hvcDpjZG5fYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhM";
constexpr std::string_view kLast = "QRSTUVWXYZabcdef";

void check(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_good(const std::vector<std::string_view>& fields) {
  if (fields.size() != 1 || !fields.front().ends_with("==")) return false;
  const std::string_view field = fields.front().substr(0, fields.front().size() - 2);
  if (field.empty() || !kLast.contains(field.back()) || !field.substr(0, field.size() - 1).ends_with(kGood))
    return false;
  std::string scheme(field.substr(0, field.size() - 1 - kGood.size()));
  for (char& c : scheme)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return scheme.starts_with("basic ") && scheme.find_first_not_of(' ', 5) == std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cordon::Errc;
  static const cordon::TokenSet tokens(
      {{{"default", {}, {}}, cordon::tokens::digest_of("cdn_" + std::string(42, 'a') + "1")}});
  const auto fields = lines_of({reinterpret_cast<const char*>(data), size});
  const auto entry = cordon::tokens::authenticate(fields, "shop", tokens);
  const bool over_long = !fields.empty() && fields.front().size() > cordon::tokens::kMaxCredential;
  check(entry.has_value() == (is_good(fields) && !over_long));
  if (entry) return 0;
  const Errc code = entry.error().code;
  check((code == Errc::token_required) == fields.empty());
  check(fields.empty() || code == Errc::token_malformed || code == Errc::token_invalid);
  check(fields.size() <= 1 || code == Errc::token_malformed);
  return 0;
}
