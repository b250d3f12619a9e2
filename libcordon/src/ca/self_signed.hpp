// A server certificate that is its own root, for origins of demonstrations and tests.
#pragma once

#include <string_view>

#include <cordon/error.hpp>

#include "tls/identity.hpp"

namespace cordon::ca {

/// A certificate for `host` (a DNS name) that whoever trusts it may verify a server with: one day, never written
/// anywhere. It is no CA and does not carry Cordon's marker.
Result<tls::Identity> make_self_signed(std::string_view host);

}  // namespace cordon::ca
