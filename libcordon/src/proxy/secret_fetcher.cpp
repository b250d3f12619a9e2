#include "proxy/secret_fetcher.hpp"

#include "net/delivery.hpp"

namespace cordon::proxy {
namespace {

using secrets::SharedSecret;

net::Task<SharedSecret> fetch_elsewhere(net::Watchdog& watchdog, secrets::CacheEntry& entry) {
  // Without a deadline: the cache has one for each fetch, and calls back whatever becomes of it.
  net::Delivery<SharedSecret> delivery(watchdog);
  entry.fetch([sender = delivery.sender()](Result<SharedSecret> result) { sender.send(std::move(result)); });
  co_return co_await delivery.wait();
}

Result<SharedSecret> fetch_here(secrets::CacheEntry& entry) {
  Result<SharedSecret> fetched;
  entry.fetch([&fetched](Result<SharedSecret> result) { fetched = std::move(result); });
  return fetched;
}

}  // namespace

net::Task<SharedSecret> fetch_secret(net::Watchdog& watchdog, secrets::CacheEntry& entry, Error& why) {
  Result<SharedSecret> secret;
  if (entry.immediate()) {
    secret = fetch_here(entry);
  } else {
    secret = co_await fetch_elsewhere(watchdog, entry);
  }
  if (secret || secret.error().code == Errc::cancelled) co_return secret;
  why = std::move(secret).error();
  co_return fail(Errc::secret_unavailable);
}

}  // namespace cordon::proxy
