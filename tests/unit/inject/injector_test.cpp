#include "inject/injector.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http1/serializer.hpp"

// From bytes to bytes: transcripts/http/injection.txt.
namespace cordon::inject {
namespace {

std::string injected(const Route& route, const http1::RequestHead& request) {
  const Secret secret("C4N4RY");
  const auto edits = plan_injection(request, route, secret);
  base::WipedBuffer out;
  http1::serialize(request, "/", "h", edits.view(), out);
  return std::string(out.view());
}

http1::RequestHead request_with(std::initializer_list<std::string_view> names) {
  http1::RequestHead request;
  request.method = "GET";
  for (const std::string_view name : names)
    request.fields.push_back({name, "dummy"});
  return request;
}

TEST(Injector, ReplacesAuthorizationInEveryCase) {
  Route route;
  route.auth = HeaderAuth{"Authorization", "Bearer"};
  EXPECT_EQ(injected(route, request_with({"authorization", "A", "AUTHORIZATION", "Authorization"})),
            "GET / HTTP/1.1\r\nHost: h\r\nA: dummy\r\nAuthorization: Bearer C4N4RY\r\n\r\n");
}

TEST(Injector, RemovesTheRoutesOwnFieldAndAuthorization) {
  Route route;
  route.auth = HeaderAuth{"X-Api-Key", ""};
  EXPECT_EQ(injected(route, request_with({"x-api-key", "Authorization", "X-API-Key"})),
            "GET / HTTP/1.1\r\nHost: h\r\nX-Api-Key: C4N4RY\r\n\r\n");
}

TEST(Injector, KeepsTheConfiguredSpelling) {
  Route route;
  route.auth = HeaderAuth{"authorization", "token"};
  EXPECT_EQ(injected(route, request_with({"Authorization"})),
            "GET / HTTP/1.1\r\nHost: h\r\nauthorization: token C4N4RY\r\n\r\n");
}

TEST(Injector, ComposesBasicAuthentication) {
  Route route;
  route.auth = BasicAuth{"user"};
  EXPECT_EQ(injected(route, request_with({"Authorization"})),
            "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjpDNE40Ulk=\r\n\r\n");
}

}  // namespace
}  // namespace cordon::inject
