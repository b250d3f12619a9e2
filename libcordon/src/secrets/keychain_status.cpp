#include "secrets/keychain_status.hpp"

#include <algorithm>
#include <iterator>

namespace cordon::secrets {
namespace {

struct Row {
  std::int32_t status;
  KeyringFault fault;
};

constexpr Row kRows[] = {
    {kSecItemNotFound, KeyringFault::missing},
    {kSecInteractionNotAllowed, KeyringFault::locked},  // locked, and no window can be shown: over ssh, before login
    {kSecInteractionRequired, KeyringFault::locked},
    {kSecNotAvailable, KeyringFault::locked},  // no keychain in this session
    {kSecAuthFailed, KeyringFault::refused},
    {kSecUserCanceled, KeyringFault::refused},
    {kSecReadOnly, KeyringFault::refused},
    {kSecNoSuchKeychain, KeyringFault::no_collection},
    {kSecNoDefaultKeychain, KeyringFault::no_collection},
};

}  // namespace

Keyring::Outcome<> keychain_outcome(std::int32_t status) {
  if (status == kSecSuccess) return {};
  const auto* const row = std::ranges::find(kRows, status, &Row::status);
  return std::unexpected(row == std::end(kRows) ? KeyringFault::failed : row->fault);
}

}  // namespace cordon::secrets
