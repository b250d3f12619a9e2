#include "proxy/local_reply.hpp"

#include <gtest/gtest.h>

#include "proxy/destination.hpp"

namespace cordon::proxy {
namespace {

using http1::Persistence;

struct Row {
  Errc code;
  int status;
  const char *name, *proxy_status;
};

/// The table of product.md, as far as this version goes.
constexpr Row kTable[] = {
    {Errc::secret_unavailable, 503, "secret_unavailable", "proxy_internal_error"},
    {Errc::destination_denied, 403, "destination_denied", "destination_ip_prohibited"},
    {Errc::misdirected, 421, "misdirected", "http_request_denied"},
    {Errc::upstream_dns, 502, "upstream_dns", "dns_error"},
    {Errc::upstream_connect, 502, "upstream_connect", "destination_unavailable"},
    {Errc::upstream_tls, 502, "upstream_tls", "tls_certificate_error"},
    {Errc::upstream_protocol, 502, "upstream_protocol", "http_protocol_error"},
    {Errc::upstream_timeout, 504, "upstream_timeout", "connection_timeout"},
    {Errc::bad_request, 400, "bad_request", "http_request_error"},
    {Errc::method_refused, 405, "method_refused", "http_request_denied"},
    {Errc::head_too_large, 431, "head_too_large", "http_request_error"},
    {Errc::target_too_long, 414, "head_too_large", "http_request_error"},
    {Errc::tls_disabled, 403, "tls_disabled", "http_request_denied"},
    {Errc::plaintext_refused, 403, "plaintext_refused", "http_request_denied"},
    {Errc::not_found, 404, "not_found", "http_request_denied"},
    {Errc::internal, 500, "internal", "proxy_internal_error"},
};

std::string compose(const Refusal& refusal, Body body = Body::send, Persistence persistence = Persistence::close) {
  std::string out;
  compose_refusal(refusal, persistence, body, out);
  return out;
}

TEST(LocalReply, EachCodeHasItsStatusAndIsTheReasonPhrase) {
  for (const Row& row : kTable) {
    const std::string reply = compose(refuse(Error{row.code, {}}, "stripe"));
    const std::string name(row.name);
    EXPECT_EQ(status_of(row.code), row.status) << name;
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 " + std::to_string(row.status) + " " + name + "\r\n")) << reply;
    EXPECT_NE(reply.find("\r\nProxy-Status: cordon; error=" + std::string(row.proxy_status) + "; details=\"" + name +
                         "\"\r\n"),
              std::string::npos)
        << reply;
    EXPECT_NE(reply.find("\r\n\r\n{\"error\":\"" + name + "\",\"message\":\""), std::string::npos) << reply;
    EXPECT_TRUE(reply.ends_with(",\"route\":\"stripe\"}\n")) << reply;
  }
}

TEST(LocalReply, ItsLengthIsThatOfItsBody) {
  for (const Row& row : kTable) {
    const std::string reply = compose(refuse(Error{row.code, "context"}, "r"));
    const auto body = reply.size() - (reply.find("\r\n\r\n") + 4);
    EXPECT_NE(reply.find("\r\nContent-Length: " + std::to_string(body) + "\r\n"), std::string::npos) << reply;
  }
}

TEST(LocalReply, AnswersToHeadKeepTheLengthAndOmitTheBody) {
  const Refusal refusal = refuse(Error{Errc::not_found, {}}, {});
  const std::string whole = compose(refusal);
  const std::string head = compose(refusal, Body::omit);
  EXPECT_EQ(head, whole.substr(0, whole.find("\r\n\r\n") + 4));
}

TEST(LocalReply, SaysWhetherTheConnectionGoesOn) {
  const Refusal refusal = refuse(Error{Errc::not_found, {}}, {});
  EXPECT_NE(compose(refusal).find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_NE(compose(refusal, Body::send, Persistence::keep_alive).find("\r\nConnection: keep-alive\r\n"),
            std::string::npos);
}

TEST(LocalReply, WithoutARouteNoneIsNamed) {
  EXPECT_EQ(compose(refuse(Error{Errc::not_found, {}}, {})).find("route"), std::string::npos);
}

TEST(LocalReply, WhatIsNoRefusalBecomesTheNearestThatIs) {
  struct Mapped {
    Errc from, to;
  };
  constexpr Mapped kRows[] = {
      {Errc::timed_out, Errc::upstream_timeout},
      {Errc::connection_lost, Errc::upstream_protocol},
      {Errc::end_of_stream, Errc::upstream_protocol},
      {Errc::ca_invalid, Errc::internal},
      {Errc::cancelled, Errc::internal},
  };
  for (const Mapped& row : kRows)
    EXPECT_EQ(refuse(Error{row.from, {}}, {}).code, row.to) << name(row.from);
}

TEST(LocalReply, R10AMessageCannotLeaveItsJsonString) {
  const std::string reply = compose(refuse(Error{Errc::upstream_tls, "a\"b\\c\r\nSet-Cookie: x\x01\xff"}, "\"r"));
  const std::string body = reply.substr(reply.find("\r\n\r\n") + 4);
  EXPECT_NE(body.find("(a\\\"b\\\\cSet-Cookie: x)"), std::string::npos) << body;
  EXPECT_TRUE(body.ends_with(",\"route\":\"\\\"r\"}\n")) << body;
}

TEST(LocalReply, DeniedDestinationsPointToNoProxy) {
  EXPECT_NE(compose(refuse(Error{Errc::destination_denied, {}}, {})).find("NO_PROXY"), std::string::npos);
}

TEST(LocalReply, HealthNamesTheInstance) {
  std::string out;
  compose_health("web-12345678", Persistence::keep_alive, Body::send, out);
  EXPECT_TRUE(out.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(out.find("\r\nCordon-Instance: web-12345678\r\n"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\n\r\n{\"status\":\"ok\"}\n"));
  std::string head;
  compose_health("web-12345678", Persistence::keep_alive, Body::omit, head);
  EXPECT_TRUE(out.starts_with(head) && head.ends_with("\r\n\r\n"));
}

TEST(Destination, TheHostFieldLeavesTheUsualPortOut) {
  struct Case {
    const char* host;
    std::uint16_t port;
    Security security;
    const char* field;
  };
  constexpr Case kCases[] = {
      {"a.test", 443, Security::tls, "a.test"},         {"a.test", 80, Security::plaintext, "a.test"},
      {"a.test", 80, Security::tls, "a.test:80"},       {"a.test", 443, Security::plaintext, "a.test:443"},
      {"a.test", 8443, Security::tls, "a.test:8443"},   {"::1", 443, Security::tls, "[::1]"},
      {"::1", 8080, Security::plaintext, "[::1]:8080"}, {"192.0.2.1", 443, Security::tls, "192.0.2.1"},
  };
  for (const Case& row : kCases)
    EXPECT_EQ(make_destination(row.host, row.port, nullptr, row.security, nullptr).host_field, row.field);
}

TEST(Destination, ARoutesCredentialGoesInPlaintextToPrivateAddressesOnly) {
  const Route route;
  EXPECT_EQ(make_destination("a.test", 443, nullptr, Security::tls, nullptr).reach, net::Reach::public_only);
  EXPECT_EQ(make_destination("a.test", 80, nullptr, Security::plaintext, nullptr).reach, net::Reach::public_only);
  EXPECT_EQ(make_destination("a.test", 443, &route, Security::tls, nullptr).reach, net::Reach::anywhere);
  EXPECT_EQ(make_destination("a.test", 80, &route, Security::plaintext, nullptr).reach, net::Reach::private_only);
}

TEST(Destination, ConnectionsAreSharedOnlyWhereEverythingIsEqual) {
  Route one;
  Route other;
  one.name = "one";
  other.name = "other";
  const auto key = [](const char* host, std::uint16_t port, const Route* route, Security security) {
    return make_destination(host, port, route, security, nullptr).pool_key;
  };
  const std::string base = key("a.test", 443, &one, Security::tls);
  EXPECT_EQ(base, key("a.test", 443, &one, Security::tls));
  EXPECT_NE(base, key("b.test", 443, &one, Security::tls));
  EXPECT_NE(base, key("a.test", 444, &one, Security::tls));
  EXPECT_NE(base, key("a.test", 443, &one, Security::plaintext));
  EXPECT_NE(base, key("a.test", 443, &other, Security::tls));
  EXPECT_NE(base, key("a.test", 443, nullptr, Security::tls));
}

}  // namespace
}  // namespace cordon::proxy
