// Salted passwords (SCRAM's SaltedPassword), kept so that not every session pays for thousands of hash iterations.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <cordon/secret.hpp>

#include "net/asio.hpp"
#include "postgres/scram.hpp"
#include "secrets/cache_entry.hpp"

namespace cordon::proxy {

/// One a worker; on its thread only. What is kept is as good as the password, so it goes within a second of the password itself.
class SaltedPasswords {
 public:
  using Salted = std::shared_ptr<const Secret>;  // with the login that uses it while it is dropped

  explicit SaltedPasswords(net::Executor executor) : executor_(executor) {}
  SaltedPasswords(const SaltedPasswords&) = delete;
  SaltedPasswords& operator=(const SaltedPasswords&) = delete;

  /// What was derived from `password`, or null.
  Salted find(const secrets::SharedSecret& password, const postgres::Derivation& derivation) const;

  /// Keeps `salted` for as long as `password` lives; the oldest of too many makes place.
  void keep(const secrets::SharedSecret& password, const postgres::Derivation& derivation, Salted salted);

  std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::size_t kMaxEntries = 64;
  struct Entry {
    std::weak_ptr<const Secret> password;
    postgres::Derivation derivation;
    Salted salted;
  };

  /// Looks after the entries until there are none.
  net::Infallible<> sweep();

  net::Executor executor_;
  std::vector<Entry> entries_;
  bool sweeping_ = false;
};

}  // namespace cordon::proxy
