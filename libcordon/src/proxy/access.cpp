#include "proxy/access.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "tokens/proxy_auth.hpp"

namespace cordon::proxy {
namespace {

using http1::FieldName;

/// The values of a request's fields of some names. More than two are as wrong as two.
class Values {
 public:
  Values(const http1::RequestHead& request, std::initializer_list<FieldName> names) {
    for (const http1::Field& field : request.fields) {
      if (count_ == values_.size()) break;
      if (std::ranges::find(names, field.id) != names.end()) values_[count_++] = field.value;
    }
  }
  std::span<const std::string_view> view() const noexcept { return {values_.data(), count_}; }

 private:
  std::array<std::string_view, 2> values_;
  std::size_t count_ = 0;
};

/// `name` is the route's or listener's.
Judged checked(Tokens tokens, const TokenEntry& entry, std::string_view name) {
  Judged judged{{std::move(tokens), &entry}, {}};
  if (!entry.info.may_use(name)) judged.refusal = fail(Errc::token_scope, "its name is " + entry.info.name);
  return judged;
}

Judged checked(Tokens tokens, const TokenEntry& entry, const Route* route) {
  if (route != nullptr) return checked(std::move(tokens), entry, route->name);
  return {{std::move(tokens), &entry}, {}};
}

Judged refused(Error why) {
  return {{}, std::unexpected(std::move(why))};
}

}  // namespace

Judged judge_token(const http1::RequestHead& request, std::string_view instance, Tokens tokens, const Route* route) {
  if (!tokens) return {};
  const Values shown(request, {FieldName::proxy_authorization});
  const auto entry = tokens::authenticate(shown.view(), instance, *tokens);
  if (entry) return checked(std::move(tokens), **entry, route);
  if (route == nullptr && entry.error().code == Errc::token_required) return {{std::move(tokens), nullptr}, {}};
  return refused(entry.error());
}

Judged judge_token_again(const Access& access, Tokens tokens, const Route* route) {
  if (!tokens || tokens == access.tokens) return {access, {}};
  if (access.entry == nullptr && route == nullptr) return {{std::move(tokens), nullptr}, {}};
  if (access.entry == nullptr) return refused({Errc::token_required, {}});
  const TokenEntry* const entry = tokens->find(access.entry->digest);
  if (entry == nullptr) return {access, fail(Errc::token_invalid)};
  return checked(std::move(tokens), *entry, route);
}

Judged judge_session_token(std::string_view password, Tokens tokens, std::string_view listener) {
  if (!tokens) return refused({Errc::token_required, "there is no token yet"});
  const TokenEntry* const entry = tokens->find(password);
  if (entry == nullptr) return refused({Errc::token_invalid, {}});
  return checked(std::move(tokens), *entry, listener);
}

Judged judge_session_token_again(const Access& access, Tokens tokens, std::string_view listener) {
  if (!tokens) return {access, fail(Errc::token_required)};
  if (tokens == access.tokens) return {access, {}};
  const TokenEntry* const entry = tokens->find(access.entry->digest);
  if (entry == nullptr) return {access, fail(Errc::token_invalid)};
  return checked(std::move(tokens), *entry, listener);
}

Judged judge_token_for_own_endpoint(const http1::RequestHead& request, std::string_view instance, Tokens tokens) {
  if (!tokens) return {};
  const Values shown(request, {FieldName::proxy_authorization, FieldName::authorization});
  const auto entry = tokens::authenticate(shown.view(), instance, *tokens);
  if (!entry) return refused(entry.error());
  return checked(std::move(tokens), **entry, nullptr);
}

}  // namespace cordon::proxy
