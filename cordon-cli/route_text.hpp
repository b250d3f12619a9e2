// Routes as commands show them. No secret is ever in it: what stands for one is where it lies.
#pragma once

#include <string>
#include <string_view>

#include <cordon/config.hpp>

#include "json_output.hpp"

namespace cordon::cli {

/// `port 443, 8443`, `any port`.
std::string ports_text(const PortSet& ports);

/// The header that the route puts in, with the secret's place in its stead: `Authorization: Bearer <keyring entry ...>`.
std::string header_text(const Route& route);

/// `keyring`: the word of the source in the config file.
std::string_view source_word(const SecretRef& ref);

Json json_of(const Route& route);

}  // namespace cordon::cli
