// What explain says of a URL. That the proxy does the same is tested with the proxy itself (tests/cli/test_route_explain.py).
#include <cordon/explain.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string route(const std::string& name, const std::string& host, const std::string& more = "") {
  return "[[routes]]\nname = \"" + name + "\"\n" + more + "match.host = \"" + host +
         "\"\nauth = { type = \"header\", header_name = \"Authorization\", scheme = \"Bearer\", secret = { source = "
         "\"env\", variable = \"KEY\" } }\n";
}

Config config_of(const std::string& routes, const std::string& head = "") {
  auto loaded = Config::parse("listen = 6790\n" + head + routes, "/srv/cordon.toml");
  EXPECT_TRUE(loaded) << loaded.error().front().to_string();
  return std::move(loaded->config);
}

Explanation explained(const Config& config, std::string_view url) {
  auto out = explain(config, url);
  EXPECT_TRUE(out) << url << out.error().message();
  return out.value_or(Explanation{});
}

TEST(Explain, NamesTheRouteAndTheHeaders) {
  const auto out = explained(config_of(route("a", "api.example.com")), "https://API.example.com./v1?x=1#part");
  EXPECT_EQ(out.treatment, Treatment::injected);
  EXPECT_EQ(out.route, "a");
  EXPECT_EQ(out.host, "api.example.com");
  EXPECT_EQ(out.port, 443);
  EXPECT_EQ(out.source, "environment variable KEY");
  EXPECT_EQ(out.scheme, "Bearer");
  EXPECT_THAT(out.added, ElementsAre("Authorization"));
  EXPECT_THAT(out.removed, ElementsAre("Authorization"));
  EXPECT_FALSE(out.refusal);
}

TEST(Explain, KnowsTheOtherWaysToInject) {
  const Config config = config_of(
      "[[routes]]\nname = \"k\"\nmatch.host = \"k\"\nauth = { type = \"header\", header_name = \"X-Key\", secret = { "
      "source = \"env\", variable = \"K\" } }\n[[routes]]\nname = \"b\"\nmatch.host = \"b\"\nauth = { type = "
      "\"basic\", username = \"me\", secret = { source = \"env\", variable = \"K\" } }\n");
  const auto key = explained(config, "k");
  EXPECT_THAT(key.added, ElementsAre("X-Key"));
  EXPECT_THAT(key.removed, ElementsAre("Authorization", "X-Key"));
  EXPECT_EQ(key.scheme, "");
  EXPECT_EQ(explained(config, "b").scheme, "Basic");
}

TEST(Explain, TakesAHostAsHttps) {
  const Config config = config_of(route("a", "a.example.com", "match.port = [443, 8443]\n"));
  for (const auto* url : {"a.example.com", "a.example.com:8443", "wss://a.example.com/socket", "HTTPS://a.example.com"})
    EXPECT_EQ(explained(config, url).treatment, Treatment::injected) << url;
}

TEST(Explain, PassesWhatNoRouteIsFor) {
  const Config config = config_of(route("a", "a.example.com"));
  const auto other = explained(config, "https://b.example.com");
  EXPECT_EQ(other.treatment, Treatment::untouched);
  EXPECT_THAT(other.reason, HasSubstr("no route is for this host; the tunnel is passed through unread"));
  const auto port = explained(config, "https://a.example.com:8443");
  EXPECT_EQ(port.treatment, Treatment::untouched);
  EXPECT_EQ(port.other_port, "a");
  EXPECT_THAT(port.reason, HasSubstr("route a is for port 443"));
  EXPECT_EQ(explained(config, "http://b.example.com").treatment, Treatment::untouched);
}

TEST(Explain, RefusesPlaintextAsTheProxyDoes) {
  const Config config = config_of(route("a", "a.example.com") + route("l", "127.0.0.1", "allow_plaintext = true\n") +
                                  route("p", "8.8.8.8", "allow_plaintext = true\n"));
  for (const auto* url : {"http://a.example.com", "https://a.example.com:80", "http://a.example.com:443"}) {
    const auto out = explained(config, url);
    EXPECT_EQ(out.refusal, Errc::plaintext_refused) << url;
    EXPECT_EQ(out.treatment, Treatment::refused);
  }
  EXPECT_EQ(explained(config, "http://127.0.0.1").treatment, Treatment::injected);
  EXPECT_EQ(explained(config, "ws://127.0.0.1").treatment, Treatment::injected);
  EXPECT_EQ(explained(config, "http://8.8.8.8").refusal, Errc::plaintext_refused);
  EXPECT_EQ(explained(config, "https://8.8.8.8").treatment, Treatment::injected);
}

TEST(Explain, RefusesAddressesOfTheDenylist) {
  const Config config = config_of(route("a", "10.0.0.1"));
  for (const auto* url : {"https://10.0.0.2", "http://169.254.169.254/latest", "https://[::ffff:127.0.0.1]",
                          "https://localhost:8443", "https://[fd00::1]"})
    EXPECT_EQ(explained(config, url).refusal, Errc::destination_denied) << url;
  EXPECT_EQ(explained(config, "https://10.0.0.1").treatment, Treatment::injected);
  EXPECT_EQ(explained(config, "https://93.184.216.34").treatment, Treatment::untouched);
}

TEST(Explain, RefusesTheProxysOwnPort) {
  const Config config = config_of(route("a", "127.0.0.1", "match.port = \"any\"\n"));
  EXPECT_EQ(explained(config, "https://127.0.0.1:6790").refusal, Errc::destination_denied);
  EXPECT_EQ(explained(config, "https://127.0.0.1:6791").treatment, Treatment::injected);
}

TEST(Explain, RefusesWhenTlsIsOff) {
  const Config config = config_of(route("a", "127.0.0.1", "allow_plaintext = true\n"), "tls.enabled = false\n");
  const auto out = explained(config, "https://127.0.0.1");
  EXPECT_EQ(out.refusal, Errc::tls_disabled);
  EXPECT_EQ(out.route, "a");
  EXPECT_EQ(explained(config, "http://127.0.0.1").treatment, Treatment::injected);
  EXPECT_EQ(explained(config, "https://other.example").treatment, Treatment::untouched);
}

TEST(Explain, NamesTheRoutesThatAreHidden) {
  const Config config = config_of(route("a", "a.example.com") + route("b", "a.example.com", "match.port = \"any\"\n") +
                                  route("c", "a.example.com"));
  EXPECT_THAT(explained(config, "a.example.com").hidden, ElementsAre("b", "c"));
  const auto other = explained(config, "a.example.com:8443");
  EXPECT_EQ(other.route, "b");
  EXPECT_THAT(other.hidden, IsEmpty());
}

TEST(Explain, RefusesWhatIsNotApproved) {
  Config config = config_of(route("a", "a.example.com"));
  config.routes[0].approved = false;
  EXPECT_EQ(explained(config, "a.example.com").refusal, Errc::binding_unapproved);
}

TEST(Explain, TakesNoUrlThatAProxyIsNotAskedFor) {
  const Config config = config_of("");
  for (const auto* url : {"", "ftp://a", "https://", "https://me@a", "https://a b", "https://a:0", "https://a:x",
                          "file:///etc/passwd", "https://0x7f.1", "/path", "https://\xC3\xA4"}) {
    const auto out = explain(config, url);
    ASSERT_FALSE(out) << url;
    EXPECT_EQ(out.error().code, Errc::bad_request);
    EXPECT_NE(out.error().message(), "");
  }
}

}  // namespace
}  // namespace cordon
