#include "secrets/keyring_bounded.hpp"

#include <exception>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "base/signals_blocked.hpp"

namespace cordon::secrets {
namespace {

using Deadline = Keyring::Deadline;

/// Shared with the thread of a call, which may outlive the keyring.
struct Shared {
  explicit Shared(std::unique_ptr<Keyring> keyring) : inner(std::move(keyring)) {}
  std::unique_ptr<Keyring> inner;
  std::binary_semaphore free{1};
};

/// What a call brings, for whoever of caller and thread ends last.
template <class T>
struct Delivery {
  Keyring::Outcome<T> outcome = std::unexpected(KeyringFault::failed);
  std::binary_semaphore there{0};
};

template <class T>
using Call = std::function<Keyring::Outcome<T>(const Keyring&)>;

template <class T>
void run(Shared& shared, Delivery<T>& delivery, const Call<T>& call) {
  try {
    delivery.outcome = call(*shared.inner);
  } catch (const std::exception&) {
    delivery.outcome = std::unexpected(KeyringFault::failed);  // out of memory
  }
  shared.free.release();
  delivery.there.release();
}

template <class T>
void run_in_thread(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Delivery<T>>& delivery, Call<T> call) {
  const base::SignalsBlocked blocked;
  try {
    std::thread([shared, delivery, call = std::move(call)] { run(*shared, *delivery, call); }).detach();
  } catch (const std::exception&) {
    shared->free.release();
    delivery->there.release();  // as failed
  }
}

template <class T>
Keyring::Outcome<T> call_until(const std::shared_ptr<Shared>& shared, Deadline deadline, Call<T> call) {
  auto delivery = std::make_shared<Delivery<T>>();
  if (!shared->free.try_acquire_until(deadline)) return std::unexpected(KeyringFault::timed_out);
  run_in_thread(shared, delivery, std::move(call));
  if (!delivery->there.try_acquire_until(deadline)) return std::unexpected(KeyringFault::timed_out);
  return std::move(delivery->outcome);
}

class BoundedKeyring final : public Keyring {
 public:
  explicit BoundedKeyring(std::unique_ptr<Keyring> blocking) : shared_(std::make_shared<Shared>(std::move(blocking))) {}

  Outcome<Secret> look_up(const KeyringRef& ref, Deadline deadline) const override {
    Call<Secret> call = [ref, deadline](const Keyring& keyring) { return keyring.look_up(ref, deadline); };
    return call_until(shared_, deadline, std::move(call));
  }

  Outcome<> store(const KeyringRef& ref, const Secret& value, Deadline deadline) const override {
    auto copy = std::make_shared<const Secret>(value.clone());  // the caller may be gone before the thread
    Call<void> call = [ref, copy, deadline](const Keyring& keyring) { return keyring.store(ref, *copy, deadline); };
    return call_until(shared_, deadline, std::move(call));
  }

  Outcome<> remove(const KeyringRef& ref, Deadline deadline) const override {
    Call<void> call = [ref, deadline](const Keyring& keyring) { return keyring.remove(ref, deadline); };
    return call_until(shared_, deadline, std::move(call));
  }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace

std::unique_ptr<Keyring> with_deadlines(std::unique_ptr<Keyring> blocking) {
  return std::make_unique<BoundedKeyring>(std::move(blocking));
}

}  // namespace cordon::secrets
