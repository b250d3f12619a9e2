// How a password's bytes become those that SCRAM hashes (RFC 4013), by libidn.
#pragma once

#include <string_view>

#include "base/wiped_buffer.hpp"

namespace cordon::postgres {

/// `password` as SASLprep makes it. As a PostgreSQL server and libpq have it, one that is not UTF-8, that SASLprep prohibits,
/// or of which nothing would be left is used as it is. ASCII never changes and never reaches libidn, which frees its working
/// copies without overwriting them. Thread-safe.
base::WipedBuffer saslprep(std::string_view password);

}  // namespace cordon::postgres
