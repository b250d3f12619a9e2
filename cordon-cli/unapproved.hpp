// Commands that touch single secrets: what of these nobody has approved.
#pragma once

#include <string_view>
#include <vector>

#include <cordon/bindings.hpp>

#include "target.hpp"

namespace cordon::cli {

/// review_target, of the routes and listeners that are called one of `names`. Writes nothing.
/// @returns as review_target; none of the secrets may be touched then
Result<BindingReview> review_named(const Context& context, const Target& target,
                                   const std::vector<std::string_view>& names);

/// Whether `name` must not be used: approval is required, and it has none.
bool is_withheld(const BindingReview& review, std::string_view name);

/// Why such a one is not used, and what to do. `options` are for the command that is shown.
Error error_of_withheld(const TargetOptions& options);

/// Warns of all that is not approved, in the words of a start.
void warn_of_unapproved(const Terminal& terminal, const BindingReview& review, const TargetOptions& options);

}  // namespace cordon::cli
