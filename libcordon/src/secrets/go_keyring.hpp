// Values as programs keep them that use the Go library go-keyring, GitHub's `gh` among them.
#pragma once

#include <optional>
#include <string_view>

#include <cordon/secret.hpp>

namespace cordon::secrets {

/// What `stored` stands for: after `go-keyring-base64:` standard base64 (RFC 4648, section 4, with its padding), after
/// `go-keyring-encoded:` hexadecimal digits, white space around either ignored; without such a beginning the value itself.
/// So does the library on macOS (github.com/zalando/go-keyring, keyring_darwin.go); on Linux it stores values as they are.
/// @returns nothing when what follows such a beginning cannot be decoded
std::optional<Secret> decode_go_keyring(std::string_view stored);

}  // namespace cordon::secrets
