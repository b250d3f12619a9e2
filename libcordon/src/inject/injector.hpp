// The decision at the centre: which fields of a request go, and which credential comes.
#pragma once

#include <cordon/config.hpp>
#include <cordon/secret.hpp>

#include "http1/header_edit.hpp"
#include "http1/message.hpp"

namespace cordon::inject {

/// The edits that make `request` carry `secret` as `route` says: every Authorization and every instance of the route's own
/// field removed, exactly one real field added. Pure; no allocation. The edits refer to `route` and `secret`, which must
/// outlive them. drop_hop_by_hop comes first.
http1::HeaderEdits plan_injection(const http1::RequestHead& request, const Route& route, const Secret& secret) noexcept;

/// The half of it that removes, for trailer fields: what a credential replaces must not come in behind the body.
http1::HeaderEdits plan_removal(const Route& route) noexcept;

}  // namespace cordon::inject
