// parse_tokens on any text: no crash; faults name a line of the text and quote nothing of it; what is read is composed to a text
// that reads as the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tokens/token_file.hpp"
#include "tokens/token_value.hpp"

namespace {

using cordon::tokens::StoredToken;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_faults(const cordon::Error& error, std::string_view text) {
  check(error.code == cordon::Errc::config_invalid && error.context.starts_with("/f:"));
  check(std::ranges::none_of(error.context, [](char c) { return c < 0x20 || c == 0x7f; }));
  // The messages name the prefix; no message has anything of a value after it.
  for (std::size_t at = 0; (at = error.context.find("cdn_", at)) != std::string::npos; at += 4)
    check(error.context.substr(at, 5) == "cdn_`");
  const auto lines = std::ranges::count(text, '\n') + 1;
  check(std::atol(error.context.c_str() + 3) >= 1 && std::atol(error.context.c_str() + 3) <= lines);
}

void check_same(const StoredToken& a, const StoredToken& b) {
  check(a.info == b.info && a.value.reveal() == b.value.reveal());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = cordon::tokens::parse_tokens(text, "/f");
  if (!parsed) {
    check_faults(parsed.error(), text);
    return 0;
  }
  check(!parsed->empty());
  for (const StoredToken& token : *parsed) {
    check(cordon::tokens::is_token_name(token.info.name) && cordon::tokens::is_token(token.value.reveal()));
    check(text.contains(token.value.reveal()));
  }
  cordon::base::WipedBuffer composed;
  cordon::tokens::compose_tokens(*parsed, composed);
  const auto again = cordon::tokens::parse_tokens(composed.view(), "/f");
  check(again && again->size() == parsed->size());
  for (std::size_t i = 0; i < again->size(); ++i)
    check_same((*again)[i], (*parsed)[i]);
  return 0;
}
