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

/// A flight from its start to its landing, which it reaches however the fetch ends.
struct SecretFetcher::Boarding {
  Boarding(SecretFetcher& fetcher_, const Route& route_)
      : fetcher(fetcher_), route(route_), flight(std::make_shared<Flight>(fetcher_.watchdog_)) {
    fetcher.flights_.emplace(&route, flight);
  }
  Boarding(const Boarding&) = delete;
  Boarding& operator=(const Boarding&) = delete;
  ~Boarding() {
    fetcher.flights_.erase(&route);
    flight->landed.set();
  }

  SecretFetcher& fetcher;
  const Route& route;
  std::shared_ptr<Flight> flight;
};

net::Task<SharedSecret> SecretFetcher::fetch(std::shared_ptr<const SecretStore> store, const Route& route, Error& why) {
  Result<SharedSecret> secret;
  if (store->cost(route.secret) == FetchCost::immediate) {
    secret = shared(store->fetch(route.secret, std::chrono::milliseconds(0)));
  } else {
    secret = co_await fetch_in_thread(std::move(store), route, why);
  }
  if (secret || secret.error().code == Errc::cancelled) co_return secret;
  why = std::move(secret).error();
  co_return fail(Errc::secret_unavailable);
}

net::Task<SharedSecret> SecretFetcher::fetch_in_thread(std::shared_ptr<const SecretStore> store, const Route& route,
                                                       Error& why) {
  if (const auto found = flights_.find(&route); found != flights_.end()) {
    const auto flight = found->second;
    if (auto landed = co_await flight->landed.wait(); !landed) co_return std::unexpected(std::move(landed).error());
    if (!flight->result) why = flight->result.error();
    co_return flight->result;
  }
  const Boarding boarding(*this, route);
  const auto deadline = store->default_deadline(route.secret);
  std::function<Result<SharedSecret>()> work = [store, ref = route.secret, deadline] {
    return shared(store->fetch(ref, deadline));
  };
  boarding.flight->result = co_await net::run_blocking<SharedSecret>(
      pool_, watchdog_, net::Clock::now() + deadline + kGrace, std::move(work));
  co_return boarding.flight->result;
}

}  // namespace cordon::proxy
