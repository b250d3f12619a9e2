// Opens connections to origins: resolves once, checks each address, connects to one that was checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/address_policy.hpp"
#include "net/resolver.hpp"
#include "net/tcp_stream.hpp"

namespace cordon::net {

struct DialTimes {
  std::chrono::milliseconds dns;
  std::chrono::milliseconds connect;  ///< For all addresses of a name together.
};

/// The threads that look names up. Names without a route come from anybody: dead ones must not keep routes waiting.
struct LookupPools {
  BlockingPool& routes;
  BlockingPool& others;
};

/// One a worker.
class Dialer {
 public:
  /// `own_ports` are never connected to on this machine's addresses, whatever the reach. All of it outlives the dialer.
  Dialer(Watchdog& watchdog, Resolver& resolver, LookupPools pools, DialTimes times,
         const std::vector<std::uint16_t>& own_ports)
      : watchdog_(watchdog), resolver_(resolver), pools_(pools), times_(times), own_ports_(own_ports) {}

  /// A TCP connection to `host` (canonical), to the first of its allowed addresses that answers. Errors: upstream_dns,
  /// upstream_connect, upstream_timeout, destination_denied (no address is allowed), cancelled, internal (no thread).
  Task<std::unique_ptr<TcpStream>> dial(std::string host, std::uint16_t port, Reach reach);

 private:
  bool permitted(const asio::ip::address& address, std::uint16_t port, Reach reach) const;
  Task<std::unique_ptr<TcpStream>> connect(const asio::ip::address& address, std::uint16_t port,
                                           Clock::time_point deadline);

  Watchdog& watchdog_;
  Resolver& resolver_;
  LookupPools pools_;
  DialTimes times_;
  const std::vector<std::uint16_t>& own_ports_;
};

}  // namespace cordon::net
