#include "unapproved.hpp"

#include <algorithm>

#include "approvals.hpp"

namespace cordon::cli {
namespace {

/// Where notices go when there is no log.
class TerminalNotices : public EventSink {
 public:
  explicit TerminalNotices(const Terminal& terminal) : terminal_(terminal) {}
  void on_request(const RequestEvent& /*event*/) noexcept override {}
  void on_notice(LogLevel /*level*/, std::string_view text) noexcept override { terminal_.warning(text); }
  bool wants(LogLevel level) const noexcept override { return level >= LogLevel::warn; }

 private:
  const Terminal& terminal_;
};

}  // namespace

Result<BindingReview> review_named(const Context& context, const Target& target,
                                   const std::vector<std::string_view>& names) {
  auto review = review_target(context, target);
  if (!review) return review;
  std::erase_if(review->unapproved,
                [&](const RequestedBinding& binding) { return std::ranges::find(names, binding.name) == names.end(); });
  return review;
}

bool is_withheld(const BindingReview& review, std::string_view name) {
  return review.rule == ApprovalRule::required &&
         std::ranges::find(review.unapproved, name, &RequestedBinding::name) != review.unapproved.end();
}

Error error_of_withheld(const TargetOptions& options) {
  return {Errc::binding_unapproved, "its secret's use is new and not approved; to look at it and approve it: " +
                                        command_line("approve", options)};
}

void warn_of_unapproved(const Terminal& terminal, const BindingReview& review, const TargetOptions& options) {
  TerminalNotices notices(terminal);
  tell_unapproved(notices, review, options);
}

}  // namespace cordon::cli
