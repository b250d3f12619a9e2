// File: bindings.hpp
//
// Which secret may go where. cordon.toml often lies in a folder that a program or an agent edits, and one edit could point an
// existing secret at another host, or name a command to run. So each instance keeps a list of what it has used, in its state
// folder (`bindings.toml`, 0600), and what a config asks for beyond that list is noticed before it counts:
//
//   auto rule = cordon::approval_rule(config, user_scope_config);
//   auto review = cordon::review_bindings(config, instance.bindings, *rule);   // warn of review->unapproved
//   cordon::withhold_unapproved(config, *review);
//   ... start the server with `config` ...
//   cordon::record_bindings(config, instance.bindings, *rule);
//
// Everything here blocks on the disk only, and is safe on any thread. Nothing here fetches a secret.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>

namespace cordon {

/// A secret's reference and where that secret is sent. Two bindings are the same when all of this is.
struct Binding {
  /// The whole reference: its source, then each key as `key=value`; of a command `command` and its arguments. May hold what
  /// people put into arguments: for its owner's eyes, not for logs.
  std::vector<std::string> secret;
  std::string host;  ///< Canonical.
  PortSet ports;
  /// What lets more get at the secret than its host's name tells: `allow_plaintext`, roots, a field that is not Authorization; and
  /// the name, which tokens go by.
  std::vector<std::string> terms;
  bool operator==(const Binding&) const = default;
};

/// A binding that a config asks for.
struct RequestedBinding {
  std::string name;    ///< Of the route or listener.
  std::string source;  ///< describe() of the reference: fit for logs.
  Binding binding;
  std::string first_used;  ///< When it was first recorded, as `2026-11-23T10:00:00Z`; empty: never.
};

/// The bindings of all routes and listeners, in the config's order.
std::vector<RequestedBinding> requested_bindings(const Config& config);

/// Whether a binding that nobody approved counts.
enum class ApprovalRule : std::uint8_t {
  advised,   ///< It does, with a warning; the very first ones of an instance without.
  required,  ///< It does not.
};

/// The rule for a config: `[secrets] require_approval` of its own, or of the user-scope file at `user_config`, which a project's
/// file cannot take back. Of that file all but a missing `listen` has to be right, since a slip there must not switch it off.
/// @returns config_invalid, with every fault of that file; a missing file is none. file_unsafe when others can write to its folder
Result<ApprovalRule> approval_rule(const Config& config, const std::filesystem::path& user_config);

/// What is known of a config's bindings.
struct BindingReview {
  ApprovalRule rule = ApprovalRule::advised;
  bool first_start = false;  ///< There is no bindings.toml: the instance has never run.
  std::vector<RequestedBinding>
      unapproved;  ///< What its owner has to be told of. Empty at a first start unless required.
};

/// Compares `config` with the list at `file`. A binding is approved when approved entries for the same reference, host and terms
/// (or more terms) cover all of its ports. Writes nothing.
/// @returns file_unsafe (the file or its folder: others can read or write it, a symbolic link), config_invalid (it is corrupt),
/// file_failed; each with what to do
Result<BindingReview> review_bindings(const Config& config, const std::filesystem::path& file, ApprovalRule rule);

/// All bindings of `config` that are not approved, also at a first start: what there is to approve. Otherwise the same.
Result<std::vector<RequestedBinding>> unapproved_bindings(const Config& config, const std::filesystem::path& file);

/// Sets `approved` of the routes and listeners in `review` to false, if it says that approval is required.
void withhold_unapproved(Config& config, const BindingReview& review);

/// Adds the bindings of `config` to the list: as approved when there is no list yet and approval is not required, else as not
/// approved. Entries that were never approved and that `config` does not ask for go; approved ones stay for ever. Writes only
/// what changed; makes the folder. @returns as review_bindings
Result<> record_bindings(const Config& config, const std::filesystem::path& file, ApprovalRule rule);

/// Adds `bindings` to the list as approved. @returns as review_bindings
Result<> approve_bindings(std::span<const Binding> bindings, const std::filesystem::path& file);

/// `binding.secret` as one line, each part quoted as a shell would where needed, with nothing in it that steers a terminal and
/// nothing left out.
std::string reference_text(const Binding& binding);

/// `host:443,8443`, or `host:*`.
std::string destination_text(const Binding& binding);

/// What the terms mean, such as `without TLS too (allow_plaintext)`, with commas between; the name, which stands elsewhere, is left out.
std::string terms_text(const Binding& binding);

/// All of it in one line that is fit for logs: `stripe: environment variable STRIPE_KEY to api.stripe.com:443`.
std::string describe(const RequestedBinding& requested);

}  // namespace cordon
