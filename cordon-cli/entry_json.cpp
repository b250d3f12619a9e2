#include "entry_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::cli {

std::optional<BindingReview> review_or_warn(const Context& context, const Target& target) {
  auto review = review_recorded(context, target);
  if (review) return *std::move(review);
  context.terminal.warning(fmt::format("whether its bindings are approved is not known: {}", review.error().message()));
  return std::nullopt;
}

Json to_json(const ShownEntry& entry, const std::optional<BindingReview>& review) {
  Json out = entry.json;
  out["approved"] = review ? Json(standing_of(*review, entry.name) == "approved") : Json();
  return out;
}

Json entry_json(const Context& context, const EntryKind& kind, const Target& target, std::string_view name) {
  const auto entries = kind.shown(target.config);
  return to_json(*std::ranges::find(entries, name, &ShownEntry::name), review_or_warn(context, target));
}

void print_change(const Editing& editing, const EntryKind& kind, const EntryChange& change, const ReloadAnswer& answer,
                  Terminal& terminal) {
  Json report = {{"config", editing.instance.config.string()}};
  report[std::string(kind.noun)] = change.entry;
  report[std::string(change.verb)] = change.happened;
  report["reload"] = answer.report;
  print_json(terminal, report);
}

}  // namespace cordon::cli
