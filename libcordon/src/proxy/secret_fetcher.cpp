#include "proxy/secret_fetcher.hpp"

namespace cordon::proxy {
namespace {

using SharedSecret = std::shared_ptr<const Secret>;

/// The store's own deadline comes first; this one is for a store that does not keep it.
constexpr std::chrono::seconds kGrace{1};

Result<SharedSecret> shared(Result<Secret> secret) {
  if (!secret) return std::unexpected(std::move(secret).error());
  return std::make_shared<const Secret>(std::move(*secret));
}

}  // namespace

struct SecretFetcher::Flight {
  explicit Flight(net::Watchdog& watchdog) : landed(watchdog) {}
  net::Event landed;
  Result<SharedSecret> result = fail(Errc::cancelled);
};

net::Task<SharedSecret> SecretFetcher::fetch(const Route& route, Error& why) {
  Result<SharedSecret> secret;
  if (store_->cost(route.secret) == FetchCost::immediate) {
    secret = shared(store_->fetch(route.secret, std::chrono::milliseconds(0)));
  } else {
    secret = co_await fetch_in_thread(route, why);
  }
  if (secret || secret.error().code == Errc::cancelled) co_return secret;
  why = std::move(secret).error();
  co_return fail(Errc::secret_unavailable);
}

net::Task<SharedSecret> SecretFetcher::fetch_in_thread(const Route& route, Error& why) {
  if (const auto found = flights_.find(&route); found != flights_.end()) {
    const auto flight = found->second;
    if (auto landed = co_await flight->landed.wait(); !landed) co_return std::unexpected(std::move(landed).error());
    if (!flight->result) why = flight->result.error();
    co_return flight->result;
  }
  const auto flight = std::make_shared<Flight>(watchdog_);
  flights_.emplace(&route, flight);
  const auto deadline = store_->default_deadline(route.secret);
  std::function<Result<SharedSecret>()> work = [store = store_, ref = route.secret, deadline] {
    return shared(store->fetch(ref, deadline));
  };
  flight->result = co_await net::run_blocking<SharedSecret>(pool_, watchdog_, net::Clock::now() + deadline + kGrace,
                                                            std::move(work));
  flights_.erase(&route);
  flight->landed.set();
  co_return flight->result;
}

}  // namespace cordon::proxy
