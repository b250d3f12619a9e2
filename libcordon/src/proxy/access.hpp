// Who may use what: a client's token, judged when it asks and again when tokens.toml has changed since.
#pragma once

#include <memory>
#include <string_view>

#include <cordon/config.hpp>
#include <cordon/token_set.hpp>

#include "http1/message.hpp"

namespace cordon::proxy {

/// The accepted tokens of one moment; null: tokens are not enforced. Shared with the watch and with requests that began with them.
using Tokens = std::shared_ptr<const TokenSet>;

/// By what a client was admitted.
struct Access {
  Tokens tokens;                      ///< Those that it was judged by.
  const TokenEntry* entry = nullptr;  ///< One of them. Null: none was needed.

  std::string_view token_name() const noexcept { return entry != nullptr ? std::string_view(entry->info.name) : ""; }
};

/// A judgement: `refusal` says why not, and then `access` holds at most the token that was shown and is known, for the record.
struct Judged {
  Access access;
  Result<> refusal;

  explicit operator bool() const noexcept { return refusal.has_value(); }
};

/// Judges the token that a request shows in Proxy-Authorization. `route` is the one that it matches; without one it needs no
/// token, but one that it shows must be good. Unenforced, nothing of the request is read.
/// Refusals: token_required, token_malformed, token_invalid, token_scope.
Judged judge_token(const http1::RequestHead& request, std::string_view instance, Tokens tokens, const Route* route);

/// What becomes of `access` once the tokens are `tokens`: a token that is still among them holds, whatever it is called now.
/// Refusals: token_required (it was admitted without one), token_invalid, token_scope.
Judged judge_token_again(const Access& access, Tokens tokens, const Route* route);

/// Judges the token that a PostgreSQL client gives as its password, for the listener called `listener`. Without a list of tokens
/// none will do: the listener asks for one. Refusals: token_required, token_invalid, token_scope.
Judged judge_session_token(std::string_view password, Tokens tokens, std::string_view listener);

/// What becomes of `access`, got with a token by the function above, once the tokens are `tokens`. Refusals as there.
Judged judge_session_token_again(const Access& access, Tokens tokens, std::string_view listener);

/// Judges the token of a request to an endpoint of the proxy's own: any token will do, in Proxy-Authorization, or in
/// Authorization, which is where programs that do not think of a proxy put it.
/// Refusals: token_required, token_malformed, token_invalid.
Judged judge_token_for_own_endpoint(const http1::RequestHead& request, std::string_view instance, Tokens tokens);

}  // namespace cordon::proxy
