// Which trailer fields may be passed on.
#pragma once

#include "http1/message.hpp"

namespace cordon::http1 {

/// False for fields that would act as if they had stood in the head: framing, routing, authentication, cookies, content
/// format (RFC 9110, section 6.5.1).
bool may_be_trailer(const Field& field) noexcept;

}  // namespace cordon::http1
