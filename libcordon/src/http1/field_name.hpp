// Which of the field names that the proxy cares about a name is.
#pragma once

#include <string_view>

#include "http1/message.hpp"

namespace cordon::http1 {

/// The FieldName of `name`, in any case; `other` when the proxy has no interest in it.
FieldName classify(std::string_view name) noexcept;

}  // namespace cordon::http1
