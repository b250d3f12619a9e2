// How a password's bytes become those that SCRAM hashes (RFC 4013): libidn knows the tables, libunistring normalizes. Both work in
// the memory that they are given; libidn's own normalization would leave copies behind.
#pragma once

#include <string_view>

#include "base/wiped_buffer.hpp"

namespace cordon::postgres {

/// `password` as a PostgreSQL server and libpq make it: one that is not UTF-8, that SASLprep prohibits, or of which nothing would
/// be left is used as it is. ASCII never changes. Every copy on the way lies in secret memory. Thread-safe.
base::WipedBuffer saslprep(std::string_view password);

}  // namespace cordon::postgres
