// One request and its response: credential in, head and body to the origin, response back.
#pragma once

#include "base/wiped_buffer.hpp"
#include "proxy/client.hpp"
#include "proxy/destination.hpp"
#include "proxy/origin.hpp"
#include "proxy/secret_fetcher.hpp"
#include "proxy/upload.hpp"

namespace cordon::proxy {

/// Lives in the session's coroutine for the time of one request, whose head has been read and not yet been answered.
class Exchange {
 public:
  /// `target` is the request target for the origin; `record` is filled in as far as things go. All of them outlive the
  /// exchange.
  Exchange(Client& client, const Destination& destination, std::string_view target, RequestEvent& record)
      : client_(client),
        destination_(destination),
        target_(target),
        record_(record),
        upload_(client, destination.route) {}

  /// The whole exchange, refusals included.
  net::Infallible<Ending> run();

 private:
  net::Infallible<Ending> proceed();

  net::Task<> compose_head();
  net::Task<> fetch_secret_anew();
  void settle_secret(int status);

  net::Task<> obtain_response();
  net::Task<> try_origin(Freshness freshness);
  net::Task<> read_response_head();
  net::Task<> forward_informational();
  bool nothing_happened(const Error& error, std::uint64_t sent_before) const noexcept;

  net::Infallible<Ending> forward_response();
  net::Task<> forward_body(http1::Framing::Kind framing);
  net::Task<> forward_body_part(base::ConstBytes body, http1::Framing::Kind framing);
  net::Task<> flush();
  Persistence plan_persistence() noexcept;

  net::Infallible<Ending> refuse_request(Error error);

  const http1::RequestHead& request() noexcept { return client_.request(); }
  http1::ResponseHead& response() noexcept { return client_.origin_reader.parser().response(); }
  /// Of the route, which there is.
  secrets::CacheEntry& secret_entry() const noexcept { return *destination_.settings->of(*destination_.route).secret; }
  const Timeouts& timeouts() const noexcept { return client_.worker.runtime.timeouts(); }

  Client& client_;
  const Destination& destination_;
  std::string_view target_;
  RequestEvent& record_;

  secrets::SharedSecret secret_;  ///< The credential's, until the origin has judged it.
  base::WipedBuffer head_;        ///< The head for the origin, with its credential, and the body that came with it.
  Upload upload_;
  OriginConnection origin_;
  net::Clock::time_point sent_at_{};
  bool answer_began_ = false;  ///< The origin has sent something.
};

}  // namespace cordon::proxy
