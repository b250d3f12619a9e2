#include "approvals.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace cordon::cli {
namespace {

/// The config file whose word counts for every instance of this user.
Result<std::filesystem::path> user_config(const Context& context) {
  TargetOptions user;
  user.scope = "user";
  const auto instance = resolve_instance(context, user);
  if (!instance) return std::unexpected(instance.error());
  return instance->config;
}

std::string row(const Terminal& terminal, std::string_view label, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("    {:<8}{}\n", label, terminal.paint(Style::plain, value));
}

}  // namespace

Result<BindingReview> review_target(const Context& context, const Target& target) {
  const auto user = user_config(context);
  if (!user) return std::unexpected(user.error());
  const auto rule = approval_rule(target.config, *user);
  if (!rule) return std::unexpected(rule.error());
  return review_bindings(target.config, target.instance.bindings, *rule);
}

Result<BindingReview> review_recorded(const Context& context, const Target& target) {
  auto review = review_target(context, target);
  if (review && review->first_start) review->unapproved = requested_bindings(target.config);
  return review;
}

std::string_view standing_of(const BindingReview& review, std::string_view name) {
  if (std::ranges::find(review.unapproved, name, &RequestedBinding::name) == review.unapproved.end()) return "approved";
  const bool taken = review.first_start && review.rule == ApprovalRule::advised;
  return taken ? "not recorded yet" : "not approved yet";
}

Result<BindingReview> apply_approvals(const Context& context, Target& target) {
  auto review = review_target(context, target);
  if (review) withhold_unapproved(target.config, *review);
  return review;
}

std::vector<std::string> unapproved_warnings(const BindingReview& review, const TargetOptions& options) {
  const bool required = review.rule == ApprovalRule::required;
  const std::string_view consequence = required ? "; its requests are refused (binding_unapproved) until it is" : "";
  std::vector<std::string> out;
  for (const RequestedBinding& binding : review.unapproved)
    out.push_back(fmt::format("new binding, not approved: {}{}; to look at it and approve it: {}", describe(binding),
                              consequence, command_line("approve", options)));
  return out;
}

void tell_unapproved(EventSink& sink, const BindingReview& review, const TargetOptions& options) {
  for (const std::string& warning : unapproved_warnings(review, options))
    sink.on_notice(LogLevel::warn, warning);
}

std::string binding_text(const Terminal& terminal, const RequestedBinding& requested) {
  const Binding& binding = requested.binding;
  return fmt::format("  {}\n", terminal.paint(Style::cyan, requested.name)) +
         row(terminal, "secret", reference_text(binding)) + row(terminal, "to", destination_text(binding)) +
         row(terminal, "also", terms_text(binding)) + row(terminal, "seen", requested.first_used);
}

std::string admitted_text(std::uint32_t uid) {
  return fmt::format("programs of user id {} may use this proxy (allow_uids)", uid);
}

void record_approvals(EventSink& sink, const Target& target, const BindingReview& review) {
  const auto recorded = record_bindings(target.config, target.instance.bindings, review.rule);
  if (!recorded) {
    sink.on_notice(LogLevel::warn,
                   fmt::format("what secrets go where could not be recorded, so that changes of it will not be "
                               "noticed: {}",
                               recorded.error().message()));
  } else if (review.first_start && review.rule == ApprovalRule::advised) {
    const std::size_t count = requested_bindings(target.config).size();
    sink.on_notice(LogLevel::info,
                   fmt::format("first start of {}: {} taken as approved; what is new later is warned of",
                               target.instance.name, counted(count, "binding")));
  }
}

}  // namespace cordon::cli
