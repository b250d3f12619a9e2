#include "secrets/onepassword_failure.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/files.hpp"

namespace cordon::secrets {
namespace {

// A kind of failure: words that `op` has for it, in lower case, and ours. In ours {item_get}, {item_list} and
// {vault_list} are commands to run, the other names are the reference's.
struct Kind {
  std::string_view words;
  Errc code;
  std::string_view explanation;
};

constexpr std::string_view kVault =
    "1Password has no vault {vault} that this account may see; `{vault_list}` shows those there are";
constexpr std::string_view kItem =
    "the 1Password vault {vault} has no item {item}; `{item_list}` shows those there are";
constexpr std::string_view kItems =
    "the 1Password vault {vault} has more than one item {item}; name it by its ID, which `{item_list}` shows";
constexpr std::string_view kField =
    "the 1Password item {item} has no field {field}; `{item_get}` shows those there are";
constexpr std::string_view kManyAccounts =
    "1Password's `op` knows more than one account; give the secret an `account`, as `op account list` shows it";
constexpr std::string_view kAccount =
    "1Password's `op` does not know the account it is told to use; set the secret's `account` to one that `op account "
    "list` shows, or add it with `op account add`";
constexpr std::string_view kNoAccount =
    "1Password's `op` has no account; turn on Settings > Developer > Integrate with 1Password CLI in the 1Password "
    "app, or run `op account add`; then `{vault_list}` must work";
constexpr std::string_view kSignedOut =
    "1Password is signed out; run `eval $(op signin)` and start Cordon from that shell, or turn on "
    "Settings > Developer > Integrate with 1Password CLI in the 1Password app";
constexpr std::string_view kLocked = "1Password is locked; unlock the 1Password app, then `{vault_list}` must work";
constexpr std::string_view kPrompt =
    "1Password asked whether `op` may read, and nobody allowed it; run `{vault_list}` in the terminal that runs Cordon "
    "and allow it there";
constexpr std::string_view kApp =
    "`op` does not reach the 1Password app; start the app and turn on Settings > Developer > Integrate with 1Password "
    "CLI, then `{vault_list}` must work";
constexpr std::string_view kLimit =
    "1Password takes no more requests for now; `op service-account ratelimit` shows the limit of a service account";
constexpr std::string_view kToken =
    "1Password refuses the token in OP_SERVICE_ACCOUNT_TOKEN; make a new one, then `{vault_list}` must work with it";
constexpr std::string_view kPermission =
    "this 1Password account may not read the vault {vault}; `{vault_list}` shows those that it may";
constexpr std::string_view kNetwork =
    "`op` does not reach 1Password over the network; when it does, `{vault_list}` works";
constexpr std::string_view kVersion = "this `op` is too old; `op --version` must show 2 or later";

// The first whose words are there counts: `op` puts one failure around another, so the more exact ones come first.
// tests/support/bin/op says where each wording was seen.
constexpr Kind kKinds[] = {
    {"isn't a vault in this account", Errc::secret_missing, kVault},
    {"more than one item matches", Errc::secret_missing, kItems},
    {"isn't an item", Errc::secret_missing, kItem},
    {"isn't a field in the", Errc::secret_missing, kField},
    {"does not have a field", Errc::secret_missing, kField},
    {"multiple accounts found", Errc::store_unavailable, kManyAccounts},
    {"found multiple accounts", Errc::store_unavailable, kManyAccounts},
    {"found no accounts for filter", Errc::store_unavailable, kAccount},
    {"no accounts configured", Errc::store_unavailable, kNoAccount},
    {"not currently signed in", Errc::store_unavailable, kSignedOut},
    {"account is not signed in", Errc::store_unavailable, kSignedOut},
    {"session expired", Errc::store_unavailable, kSignedOut},
    {"could not find session token", Errc::store_unavailable, kSignedOut},
    {"app is locked", Errc::store_unavailable, kLocked},
    {"authorization prompt dismissed", Errc::store_unavailable, kPrompt},
    {"authorization timeout", Errc::store_unavailable, kPrompt},
    {"connecting to desktop app", Errc::store_unavailable, kApp},
    {"connect to the 1password desktop app", Errc::store_unavailable, kApp},
    {"too many requests", Errc::store_unavailable, kLimit},
    {"signin credentials are not compatible", Errc::store_unavailable, kToken},
    {"failed to decodesacredentials", Errc::store_unavailable, kToken},
    {"(401) unauthorized", Errc::store_unavailable, kPermission},
    {"dial tcp", Errc::store_unavailable, kNetwork},
    {"unknown command", Errc::store_unavailable, kVersion},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Without a copy in lower case: `text` may quote a secret.
bool has_words(std::string_view text, std::string_view words) {
  return !std::ranges::search(text, words, {}, lower).empty();
}

std::string fill_in(std::string_view explanation, const OnePasswordRef& ref) {
  const std::string account = ref.account.empty() ? "" : " --account " + base::shell_word(ref.account);
  const std::string item = base::shell_word(ref.item), vault = base::shell_word(ref.vault);
  return fmt::format(fmt::runtime(explanation), fmt::arg("vault", ref.vault), fmt::arg("item", ref.item),
                     fmt::arg("field", ref.field), fmt::arg("vault_list", "op vault list" + account),
                     fmt::arg("item_list", fmt::format("op item list --vault {}{}", vault, account)),
                     fmt::arg("item_get", fmt::format("op item get {} --vault {}{}", item, vault, account)));
}

}  // namespace

Error explain_op_failure(std::string_view errors, int exit_code, const OnePasswordRef& ref) {
  for (const Kind& kind : kKinds) {
    if (has_words(errors, kind.words)) return {kind.code, fill_in(kind.explanation, ref)};
  }
  return {Errc::store_unavailable,
          fmt::format("1Password's `op` ended with exit code {} for a reason that is not known; ", exit_code) +
              fill_in("`{item_get}` in a terminal says more (what `op` prints is never logged)", ref)};
}

}  // namespace cordon::secrets
