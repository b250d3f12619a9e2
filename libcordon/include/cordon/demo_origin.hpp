// File: demo_origin.hpp
//
// An HTTPS origin inside the process, which answers every request with what it received. Behind `cordon demo`, and of use to
// host programs' own tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon {

/// An HTTPS server on 127.0.0.1 with a certificate for one host name, its own root, in memory only. It answers
/// 200 with the request's head as text/plain when the request carries the expected credential, else 401 with the head too.
class DemoOrigin {
 public:
  /// Starts it on a free port, in a thread of its own, for `host`. `required_header` is a whole field line such as
  /// `Authorization: Bearer x`; empty: everything is answered 200.
  static Result<DemoOrigin> start(std::string_view host, std::string required_header = {});

  DemoOrigin(DemoOrigin&&) noexcept;
  DemoOrigin& operator=(DemoOrigin&&) noexcept;
  ~DemoOrigin();  ///< Stops it and waits for its thread.

  std::uint16_t port() const noexcept;
  /// The root to trust for it, as PEM.
  std::string ca_pem() const;

 private:
  struct Impl;
  explicit DemoOrigin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What a client sent and got.
struct DemoExchange {
  std::string sent;  ///< The request head, as the client wrote it inside its tunnel.
  int status = 0;
  std::string received;  ///< The response body.
};

/// Sends one GET through the proxy at 127.0.0.1:`proxy_port` with CONNECT, trusting only `ca_pem`, with `field_line` as the
/// client's own (dummy) credential. `proxy_user` is `<instance>:<token>` for a proxy that asks for one. Blocks for at most 20 s: 10 s each
/// for the tunnel and for what goes through it.
Result<DemoExchange> demo_request(std::uint16_t proxy_port, std::string_view host, std::uint16_t port,
                                  std::string_view ca_pem, std::string_view field_line,
                                  std::string_view proxy_user = {});

}  // namespace cordon
