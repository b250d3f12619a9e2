// One conversation with the Secret Service (specifications.freedesktop.org/secret-service), through libsecret.
#pragma once

#include <libsecret/secret.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/signals_blocked.hpp"
#include "secrets/keyring.hpp"

namespace cordon::secrets {

template <auto kRelease>
struct Release {
  template <class T>
  void operator()(T* object) const noexcept {
    kRelease(object);
  }
};
template <class T, auto kRelease>
using Owned = std::unique_ptr<T, Release<kRelease>>;
template <class T>
using Object = Owned<T, g_object_unref>;
using Items = std::vector<Object<SecretItem>>;

/// Cancelled when the deadline passes.
class Timer {
 public:
  explicit Timer(Keyring::Deadline deadline);
  GCancellable* cancellable() const noexcept { return cancellable_.get(); }

 private:
  Object<GCancellable> cancellable_;
  std::mutex mutex_;
  std::condition_variable_any over_;
  std::jthread thread_;
};

/// What GLib calls back goes to a context of this call's own, which ends with it: never to the host's main loop.
class OwnContext {
 public:
  OwnContext() : context_(g_main_context_new()) { g_main_context_push_thread_default(context_.get()); }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;
  ~OwnContext() {
    // What GLib frees later, such as a proxy's subscriptions, it frees from here: not run, it would never be freed.
    while (g_main_context_iteration(context_.get(), FALSE) != FALSE) {
    }
    g_main_context_pop_thread_default(context_.get());
  }

 private:
  Owned<GMainContext, g_main_context_unref> context_;
};

/// One connection to the service, from its opening to its end, on one thread. Every call ends by the deadline. Nobody is
/// asked to unlock anything, though a service may ask its user for leave by itself.
class Conversation {
 public:
  template <class T = void>
  using Outcome = Keyring::Outcome<T>;

  explicit Conversation(Keyring::Deadline deadline) : timer_(deadline) {}

  /// Connects to the session bus and agrees with the service on a key. First of all, and once.
  Outcome<> open();

  /// The entries, locked ones too, whose attributes are the reference's: `service`, and its account under `account_key`.
  Outcome<Items> find(const KeyringRef& ref, const char* account_key) const;

  /// What to say when there is none: locked rather than missing when the default keyring is locked, as not every service
  /// shows what is in a locked one.
  KeyringFault why_missing() const;

  Outcome<Secret> value_of(SecretItem* item) const;

  /// Makes or replaces an entry in the default keyring.
  Outcome<> create(const KeyringRef& ref, const Secret& value) const;

  Outcome<> remove(SecretItem* item) const;

 private:
  Outcome<Object<SecretCollection>> default_collection() const;
  GCancellable* cancellable() const noexcept { return timer_.cancellable(); }

  base::SignalsBlocked blocked_;  // for the threads that GLib starts
  Timer timer_;
  OwnContext context_;
  Object<GDBusConnection> bus_;
  Object<SecretService> service_;
};

}  // namespace cordon::secrets
