// Salted passwords (SCRAM's SaltedPassword): derived off the worker's thread, and kept so that not every session pays for
// thousands of hash iterations.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include <cordon/secret.hpp>

#include "net/blocking_pool.hpp"
#include "net/event.hpp"
#include "postgres/scram.hpp"
#include "secrets/cache_entry.hpp"

namespace cordon::proxy {

/// One a worker; on its thread only. A listener's origin says how much there is to compute: so each listener has one derivation
/// at a time, and a place of its own for what was derived. What is kept is as good as the password, and goes after kLifetime.
class SaltedPasswords {
 public:
  using Salted = std::shared_ptr<const Secret>;  // with the login that uses it while it is dropped

  static constexpr std::chrono::seconds kLifetime{60};

  SaltedPasswords(net::Watchdog& watchdog, net::BlockingPool& threads, std::chrono::milliseconds lifetime = kLifetime)
      : watchdog_(watchdog), threads_(threads), lifetime_(lifetime) {}
  SaltedPasswords(const SaltedPasswords&) = delete;
  SaltedPasswords& operator=(const SaltedPasswords&) = delete;

  /// What follows from `password`, whose fingerprint is `fingerprint`: kept, or derived now. All who ask for the same share one
  /// derivation. Errors: timed_out at `deadline`, cancelled, internal.
  net::Task<Salted> obtain(std::string listener, secrets::SharedSecret password, std::uint64_t fingerprint,
                           postgres::Derivation derivation, net::Clock::time_point deadline);

  /// Drops everything.
  void clear() noexcept;

  std::size_t size() const noexcept;

 private:
  static constexpr std::size_t kMaxOfListener = 4;
  struct Entry {
    std::uint64_t password;  ///< Its fingerprint.
    postgres::Derivation derivation;
    Salted salted;
    net::Clock::time_point ends;
  };
  struct Lane {
    std::list<Entry> entries;        ///< The oldest first.
    std::list<net::Event*> waiting;  ///< In the frames of those who wait for `busy` to end.
    bool busy = false;
  };
  class Turn;

  static Salted find(const Lane& lane, std::uint64_t fingerprint, const postgres::Derivation& derivation);
  net::Task<> wait_for_turn(Lane& lane, net::Clock::time_point deadline);
  void keep(Lane& lane, Entry entry);
  net::Infallible<> sweep();

  net::Watchdog& watchdog_;
  net::BlockingPool& threads_;
  const std::chrono::milliseconds lifetime_;
  std::map<std::string, Lane> lanes_;  ///< By the listener's name. Never shrinks: there are only so many names.
  bool sweeping_ = false;
};

}  // namespace cordon::proxy
