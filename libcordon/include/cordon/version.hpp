#pragma once

#include <string_view>

namespace cordon {

/// The version of this library, as `major.minor.patch`.
std::string_view version() noexcept;

}  // namespace cordon
