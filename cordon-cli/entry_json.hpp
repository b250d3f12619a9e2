// Entries as JSON, for the commands that show one and for those that change one.
#pragma once

#include <optional>
#include <string_view>

#include "approvals.hpp"
#include "config_editing.hpp"
#include "entry_kind.hpp"

namespace cordon::cli {

/// Which bindings are not approved; nothing where that cannot be found out, which is warned of.
std::optional<BindingReview> review_or_warn(const Context& context, const Target& target);

/// What `show --json` prints of it: `approved` is null where there is no review.
Json to_json(const ShownEntry& entry, const std::optional<BindingReview>& review);

/// The same of the one called `name`, which the target's config must have.
Json entry_json(const Context& context, const EntryKind& kind, const Target& target, std::string_view name);

/// What has become of an entry.
struct EntryChange {
  std::string_view verb;  ///< `added`, `changed` or `removed`: a key of the object.
  bool happened = false;  ///< Its value.
  Json entry = {};        ///< The entry as it is now, or the name of one that is gone.
};

/// What a command that has written the file prints with --json: `{"config": ..., "route": ..., "added": true, "reload": ...}`.
void print_change(const Editing& editing, const EntryKind& kind, const EntryChange& change, const ReloadAnswer& answer,
                  Terminal& terminal);

}  // namespace cordon::cli
