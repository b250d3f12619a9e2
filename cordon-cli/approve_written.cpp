#include "approve_written.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "approvals.hpp"
#include "prompt.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using Bindings = std::vector<RequestedBinding>;
using Words = std::vector<std::string>;

const RequestedBinding* find_named(const Bindings& bindings, std::string_view name) {
  const auto found = std::ranges::find(bindings, name, &RequestedBinding::name);
  return found == bindings.end() ? nullptr : &*found;
}

bool contains(const Words& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// The bindings of a config that are approved.
Result<Bindings> approved_bindings(const Config& config, const std::filesystem::path& file) {
  const auto unapproved = unapproved_bindings(config, file);
  if (!unapproved) return std::unexpected(unapproved.error());
  Bindings all = requested_bindings(config);
  std::erase_if(all, [&](const RequestedBinding& one) { return find_named(*unapproved, one.name) != nullptr; });
  return all;
}

/// The config without what its entries do not say themselves and bindings hold all the same.
Config without_shared(Config config) {
  config.secrets.providers.clear();
  config.tls.upstream_ca_path.reset();
  return config;
}

/// Whether every word of `words` that `own` has not is in one of the lists that `list_of` finds in `approved`.
template <class ListOf>
bool are_known(const Words& words, const Words& own, const Bindings& approved, ListOf list_of) {
  return std::ranges::all_of(words, [&](const std::string& word) {
    return contains(own, word) || std::ranges::any_of(approved, [&](const RequestedBinding& one) {
             return contains(list_of(one.binding), word);
           });
  });
}

/// Whether what a binding has from elsewhere in the config is in an approved one, too.
bool is_shared_part_approved(const Binding& binding, const Binding& own, const Bindings& approved) {
  const auto secret_of = [&](const Binding& one) {
    return one.secret.front() == binding.secret.front() ? one.secret : Words();
  };
  const auto terms_of = [](const Binding& one) { return one.terms; };
  return are_known(binding.secret, own.secret, approved, secret_of) &&
         are_known(binding.terms, own.terms, approved, terms_of);
}

/// Whether the person has asked for all of the binding by what they have just done.
Result<bool> is_asked_for(const Config& before, const Target& target, const WrittenEntry& entry,
                          const RequestedBinding& requested) {
  const auto approved = approved_bindings(before, target.instance.bindings);
  if (!approved) return std::unexpected(approved.error());
  if (!entry.name_before.empty() && find_named(*approved, entry.name_before) == nullptr) return false;
  const Bindings own = requested_bindings(without_shared(target.config));
  return is_shared_part_approved(requested.binding, find_named(own, entry.name)->binding, *approved);
}

/// The person's word on a binding that they have not asked for as a whole. Where nobody can be asked, it is a no.
Answer<bool> ask_to_approve(const Context& context, const RequestedBinding& requested, const WrittenEntry& entry) {
  const std::string what =
      fmt::format("not all of this was approved before, or written by this command: {}", describe(requested));
  context.terminal.warning(what);
  Answer<bool> agreed = false;
  if (context.terminal.can_ask()) {
    context.terminal.print("\n" + binding_text(context.terminal, requested) + "\n");
    agreed = Prompt(context.terminal).confirm("Approve it?", Preset::no);
  }
  if (agreed.value_or(false)) return agreed;
  context.terminal.hint(fmt::format("it is not approved; to look at it and approve it: {} {}",
                                    command_line("approve", entry.target), shell_quoted(entry.name)));
  return agreed;
}

Result<Approval> approve(const Context& context, const Config& before, const Target& target,
                         const WrittenEntry& entry) {
  const auto review = review_target(context, target);
  if (!review) return std::unexpected(review.error());
  const auto unapproved = unapproved_bindings(target.config, target.instance.bindings);
  if (!unapproved) return std::unexpected(unapproved.error());
  const RequestedBinding* const requested = find_named(*unapproved, entry.name);
  if (requested == nullptr) return Approval::settled;
  const auto asked_for = is_asked_for(before, target, entry, *requested);
  if (!asked_for) return std::unexpected(asked_for.error());
  const bool first_start_tells = review->first_start && review->rule == ApprovalRule::advised;
  if (!*asked_for && first_start_tells) return Approval::settled;
  const auto agreed = *asked_for ? Answer<bool>(true) : ask_to_approve(context, *requested, entry);
  if (!agreed) return agreed.error() == NoAnswer::interrupted ? Approval::interrupted : Approval::refused;
  if (!*agreed) return Approval::refused;
  const auto recorded = approve_bindings(std::span(&requested->binding, 1), target.instance.bindings);
  if (!recorded) return std::unexpected(recorded.error());
  return Approval::settled;
}

}  // namespace

Approval approve_written(const Context& context, const Config& before, const Target& target,
                         const WrittenEntry& entry) {
  const auto done = approve(context, before, target, entry);
  if (done) return *done;
  context.terminal.warning(fmt::format("that {}'s secret goes there could not be recorded as approved: {}", entry.name,
                                       done.error().message()));
  return Approval::settled;
}

}  // namespace cordon::cli
