// What the status codes of macOS's keychain mean. Apart from keyring_macos.cpp so that it is tested everywhere.
#pragma once

#include <cstdint>

#include "secrets/keyring.hpp"

namespace cordon::secrets {

// Security/SecBase.h's names and values, which keyring_macos.cpp compares.
constexpr std::int32_t kSecSuccess = 0;
constexpr std::int32_t kSecUserCanceled = -128;
constexpr std::int32_t kSecNotAvailable = -25291;
constexpr std::int32_t kSecReadOnly = -25292;
constexpr std::int32_t kSecAuthFailed = -25293;
constexpr std::int32_t kSecNoSuchKeychain = -25294;
constexpr std::int32_t kSecDuplicateItem = -25299;
constexpr std::int32_t kSecItemNotFound = -25300;
constexpr std::int32_t kSecNoDefaultKeychain = -25307;
constexpr std::int32_t kSecInteractionNotAllowed = -25308;
constexpr std::int32_t kSecInteractionRequired = -25315;

/// An OSStatus of SecItemCopyMatching and its like. Codes that are not listed are `failed`.
Keyring::Outcome<> keychain_outcome(std::int32_t status);

}  // namespace cordon::secrets
