#include <cordon/token_set.hpp>

#include <algorithm>

#include <openssl/mem.h>

#include "tokens/token_value.hpp"

namespace cordon {

bool TokenInfo::may_use(std::string_view route) const noexcept {
  return routes.empty() || std::ranges::find(routes, route) != routes.end();
}

const TokenEntry* TokenSet::find(std::string_view value) const noexcept {
  return find(tokens::digest_of(value));
}

const TokenEntry* TokenSet::find(const TokenDigest& digest) const noexcept {
  const TokenEntry* found = nullptr;
  for (const TokenEntry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = &entry;
  }
  return found;
}

}  // namespace cordon
