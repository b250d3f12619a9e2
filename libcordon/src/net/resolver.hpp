// Names to addresses, by the system's resolver, without stopping the worker.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/blocking_pool.hpp"

namespace cordon::net {

class Resolver {
 public:
  /// `fixed` holds names that are not looked up but taken to be these addresses. Everything outlives the resolver.
  Resolver(Watchdog& watchdog, const std::map<std::string, std::string>& fixed) : watchdog_(watchdog), fixed_(fixed) {}

  /// The addresses of `host` (canonical name or IP literal) in the order to try them; never empty. A literal is not
  /// looked up, others in a thread of `pool`. Errors: upstream_dns, upstream_timeout, cancelled, internal (no thread).
  Task<std::vector<asio::ip::address>> resolve(BlockingPool& pool, std::string host, Clock::time_point deadline);

 private:
  Watchdog& watchdog_;
  const std::map<std::string, std::string>& fixed_;
};

}  // namespace cordon::net
