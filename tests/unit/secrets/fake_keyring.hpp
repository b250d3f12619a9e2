// A keyring in memory.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "secrets/keyring.hpp"

namespace cordon::secrets {

class FakeKeyring final : public Keyring {
 public:
  /// What the test sees and sets; outlives the keyring where a thread may.
  struct State {
    std::mutex mutex;
    std::map<std::pair<std::string, std::string>, std::string> entries;
    std::optional<KeyringFault> fault;  ///< Of each call.
    std::atomic<int> running = 0, calls = 0;
    std::atomic<bool> hangs = false;
  };

  explicit FakeKeyring(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Outcome<Secret> look_up(const KeyringRef& ref, Deadline /*deadline*/) const override {
    const Busy busy(*state_);
    if (state_->fault) return std::unexpected(*state_->fault);
    const auto found = state_->entries.find({ref.service, ref.account});
    if (found == state_->entries.end()) return std::unexpected(KeyringFault::missing);
    return Secret(found->second);
  }

  Outcome<> store(const KeyringRef& ref, const Secret& value, Deadline /*deadline*/) const override {
    const Busy busy(*state_);
    if (state_->fault) return std::unexpected(*state_->fault);
    state_->entries[{ref.service, ref.account}] = value.reveal();
    return {};
  }

  Outcome<> remove(const KeyringRef& ref, Deadline /*deadline*/) const override {
    const Busy busy(*state_);
    if (state_->fault) return std::unexpected(*state_->fault);
    if (state_->entries.erase({ref.service, ref.account}) == 0) return std::unexpected(KeyringFault::missing);
    return {};
  }

 private:
  struct Busy {
    explicit Busy(State& state) : state_(state) {
      ++state.running;
      ++state.calls;
      while (state.hangs)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      state.mutex.lock();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy() {
      state_.mutex.unlock();
      --state_.running;
    }
    State& state_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace cordon::secrets
