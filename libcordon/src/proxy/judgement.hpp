// Which route a request takes by its target alone, and the refusals that follow from it. Pure: sessions go by it, and explain.
#pragma once

#include <cstdint>
#include <string_view>

#include <cordon/error.hpp>

#include "inject/route_table.hpp"

namespace cordon::proxy {

/// Whether routes are intercepted: `[tls] enabled`.
enum class Interception : bool { off, on };

/// The match of a CONNECT to a canonical host and port. @returns tls_disabled, plaintext_refused
Result<inject::RouteTable::Match> judge_connect(const inject::RouteTable& routes, std::string_view host,
                                                std::uint16_t port, Interception interception);

/// The match of an absolute-form request, which is without TLS. @returns plaintext_refused
Result<inject::RouteTable::Match> judge_plaintext(const inject::RouteTable& routes, std::string_view host,
                                                  std::uint16_t port);

}  // namespace cordon::proxy
