#include "proxy/salted_passwords.hpp"

#include <algorithm>

#include <asio/co_spawn.hpp>

namespace cordon::proxy {

/// Whose turn it is; the others of the lane look again at its end.
class SaltedPasswords::Turn {
 public:
  explicit Turn(Lane& lane) : lane_(lane) { lane.busy = true; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    lane_.busy = false;
    for (net::Event* const event : lane_.waiting)
      event->set();
  }

 private:
  Lane& lane_;
};

SaltedPasswords::Salted SaltedPasswords::find(const Lane& lane, std::uint64_t fingerprint,
                                              const postgres::Derivation& derivation) {
  const auto matches = [&](const Entry& entry) {
    return entry.password == fingerprint && entry.derivation == derivation;
  };
  const auto found = std::ranges::find_if(lane.entries, matches);
  return found == lane.entries.end() ? nullptr : found->salted;
}

net::Task<> SaltedPasswords::wait_for_turn(Lane& lane, net::Clock::time_point deadline) {
  net::Event turn(watchdog_);
  turn.set_deadline(deadline);
  const auto place = lane.waiting.insert(lane.waiting.end(), &turn);
  auto waited = co_await turn.wait();
  lane.waiting.erase(place);
  co_return waited;
}

net::Task<SaltedPasswords::Salted> SaltedPasswords::obtain(std::string listener, secrets::SharedSecret password,
                                                           std::uint64_t fingerprint, postgres::Derivation derivation,
                                                           net::Clock::time_point deadline) {
  Lane& lane = lanes_[listener];
  for (;;) {
    if (auto kept = find(lane, fingerprint, derivation)) co_return kept;
    if (!lane.busy) break;
    if (auto waited = co_await wait_for_turn(lane, deadline); !waited) co_return std::unexpected(waited.error());
  }
  const Turn turn(lane);
  std::function<Result<Secret>()> work = [password, derivation] {
    return postgres::derive_salted_password(password->reveal(), derivation);
  };
  auto derived = co_await net::run_blocking<Secret>(threads_, watchdog_, deadline, std::move(work));
  if (!derived) co_return std::unexpected(std::move(derived).error());
  auto salted = std::make_shared<const Secret>(std::move(*derived));
  keep(lane, {fingerprint, std::move(derivation), salted, net::Clock::now() + lifetime_});
  co_return salted;
}

void SaltedPasswords::keep(Lane& lane, Entry entry) {
  if (lane.entries.size() == kMaxOfListener) lane.entries.pop_front();
  lane.entries.push_back(std::move(entry));
  if (sweeping_) return;
  asio::co_spawn(watchdog_.executor(), sweep(), [](const std::exception_ptr&) {});
  sweeping_ = true;
}

net::Infallible<> SaltedPasswords::sweep() {
  constexpr std::chrono::seconds kInterval{1};
  net::Timer pause(watchdog_.executor());
  asio::error_code ignored;
  while (size() > 0) {
    pause.expires_after(kInterval);
    co_await pause.async_wait(net::error_into(ignored));
    const auto now = net::Clock::now();
    for (auto& [name, lane] : lanes_)
      std::erase_if(lane.entries, [now](const Entry& entry) { return entry.ends <= now; });
  }
  sweeping_ = false;
}

void SaltedPasswords::clear() noexcept {
  for (auto& [name, lane] : lanes_)
    lane.entries.clear();
}

std::size_t SaltedPasswords::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& [name, lane] : lanes_)
    sum += lane.entries.size();
  return sum;
}

}  // namespace cordon::proxy
