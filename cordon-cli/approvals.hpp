// Bindings as the commands use them: a start or a reload goes by them, tells of new ones and records them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/bindings.hpp>
#include <cordon/event_sink.hpp>

#include "target.hpp"
#include "terminal.hpp"

namespace cordon::cli {

/// What is known of the bindings of the target's config, by the rule of its own and of the user-scope file. Writes nothing.
/// @returns as approval_rule and review_bindings; nothing may be started then
Result<BindingReview> review_target(const Context& context, const Target& target);

/// review_target, in which a first start's bindings are unapproved whatever the rule: nobody has looked at them. For commands that
/// are no start.
Result<BindingReview> review_recorded(const Context& context, const Target& target);

/// How the binding of a route or listener stands in such a review: `approved`, `not approved yet`, or `not recorded yet` where the
/// first start will take it as approved.
std::string_view standing_of(const BindingReview& review, std::string_view name);

/// review_target, and takes what must not be used out of the target's config (withhold_unapproved). Before the config is
/// used.
Result<BindingReview> apply_approvals(const Context& context, Target& target);

/// A warning for each binding that is not approved, in the order of the config. `options` are for the command that is shown.
std::vector<std::string> unapproved_warnings(const BindingReview& review, const TargetOptions& options);

/// Logs these.
void tell_unapproved(EventSink& sink, const BindingReview& review, const TargetOptions& options);

/// All of a binding for a person who is to judge it, in indented lines.
std::string binding_text(const Terminal& terminal, const RequestedBinding& requested);

/// That processes of a user may use the proxy (`allow_uids`): whoever edits the config could have put it there.
std::string admitted_text(std::uint32_t uid);

/// Records the bindings of a config that is now in use. What cannot be written is only warned of: every binding stays new
/// then, or the first start the first.
void record_approvals(EventSink& sink, const Target& target, const BindingReview& review);

}  // namespace cordon::cli
