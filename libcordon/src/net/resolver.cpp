#include "net/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace cordon::net {
namespace {

using Addresses = std::vector<asio::ip::address>;

Addresses addresses_of(const addrinfo* list) {
  Addresses found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      sockaddr_in in{};
      std::memcpy(&in, entry->ai_addr, sizeof in);
      found.emplace_back(asio::ip::address_v4(ntohl(in.sin_addr.s_addr)));
    } else if (entry->ai_family == AF_INET6) {
      sockaddr_in6 in{};
      std::memcpy(&in, entry->ai_addr, sizeof in);
      asio::ip::address_v6::bytes_type bytes;
      std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
      found.emplace_back(asio::ip::address_v6(bytes, in.sin6_scope_id));
    }
  }
  return found;
}

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return fail(Errc::upstream_dns, gai_strerror(error));
  Addresses found = addresses_of(list);
  freeaddrinfo(list);
  if (found.empty()) return fail(Errc::upstream_dns, "the name has no address");
  return found;
}

}  // namespace

Task<Addresses> Resolver::resolve(BlockingPool& pool, std::string host, Clock::time_point deadline) {
  if (const auto fixed = fixed_.find(host); fixed != fixed_.end()) host = fixed->second;
  asio::error_code not_a_literal;
  const auto literal = asio::ip::make_address(host, not_a_literal);
  if (!not_a_literal) co_return Addresses{literal};

  // Named: g++ 12 copies the bytes of a temporary in a co_await, and then destroys a string that points to its old place.
  std::function<Result<Addresses>()> work = [host] { return look_up(host); };
  auto found = co_await run_blocking<Addresses>(pool, watchdog_, deadline, std::move(work));
  if (!found && found.error().code == Errc::timed_out) {
    co_return fail(Errc::upstream_timeout, "the name's look-up took too long");
  }
  co_return found;
}

}  // namespace cordon::net
