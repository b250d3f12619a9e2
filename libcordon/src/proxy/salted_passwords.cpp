#include "proxy/salted_passwords.hpp"

#include <algorithm>

#include <asio/co_spawn.hpp>

namespace cordon::proxy {

SaltedPasswords::Salted SaltedPasswords::find(const secrets::SharedSecret& password,
                                              const postgres::Derivation& derivation) const {
  const auto matches = [&](const Entry& entry) {
    return entry.password.lock() == password && entry.derivation == derivation;
  };
  const auto found = std::ranges::find_if(entries_, matches);
  return found == entries_.end() ? nullptr : found->salted;
}

void SaltedPasswords::keep(const secrets::SharedSecret& password, const postgres::Derivation& derivation,
                           Salted salted) {
  if (find(password, derivation) != nullptr) return;
  if (entries_.size() == kMaxEntries) entries_.erase(entries_.begin());
  entries_.push_back({password, derivation, std::move(salted)});
  if (sweeping_) return;
  sweeping_ = true;
  asio::co_spawn(executor_, sweep(), [](const std::exception_ptr&) {});
}

net::Infallible<> SaltedPasswords::sweep() {
  constexpr std::chrono::milliseconds kInterval{500};
  net::Timer pause(executor_);
  asio::error_code ignored;
  while (!entries_.empty()) {
    pause.expires_after(kInterval);
    co_await pause.async_wait(net::error_into(ignored));
    std::erase_if(entries_, [](const Entry& entry) { return entry.password.expired(); });
  }
  sweeping_ = false;
}

}  // namespace cordon::proxy
