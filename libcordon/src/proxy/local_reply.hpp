// The proxy's own answers: the one table from error codes to statuses, and the replies composed from it.
#pragma once

#include <string>
#include <string_view>

#include <cordon/error.hpp>

#include "http1/message.hpp"
#include "http1/serializer.hpp"

namespace cordon::proxy {

/// Why a request was not forwarded or not completed.
struct Refusal {
  Errc code = Errc::internal;
  std::string message;     ///< For the person who reads it; never repeats anything of the request's header.
  std::string_view route;  ///< Empty: none matched. Outlives the refusal.
};

/// The refusal that an error means for the client; codes that are not one become the nearest that is.
Refusal refuse(Error error, std::string_view route);

/// The HTTP status of a refusal's code.
int status_of(Errc code) noexcept;

/// Whether the body goes with the head; a HEAD request gets only the latter.
enum class Body : unsigned char { send, omit };

/// Appends the reply: the code as the reason phrase and in Proxy-Status (RFC 9209), a small JSON body.
void compose_refusal(const Refusal& refusal, http1::Persistence persistence, Body body, std::string& out);

/// Appends a 200 with a JSON body and `Cordon-Instance`.
void compose_health(std::string_view instance, http1::Persistence persistence, Body body, std::string& out);

/// Appends a 200 with `figures` in Prometheus' text format.
void compose_metrics(std::string_view figures, http1::Persistence persistence, Body body, std::string& out);

}  // namespace cordon::proxy
