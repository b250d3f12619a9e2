#include "config/host_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::config {
namespace {

using namespace std::string_literals;

struct Pair {
  std::string_view given, canonical;
};

TEST(HostName, KeepsACanonicalNameAsItIs) {
  for (const std::string_view name :
       {"api.stripe.com", "localhost", "a_b.example", "xn--bcher-kva.example", "1a", "a-b.c"}) {
    ASSERT_TRUE(canonical_host(name)) << name;
    EXPECT_EQ(*canonical_host(name), name);
  }
}

TEST(HostName, D13LowersTheCaseAndDropsOneTrailingDot) {
  for (const Pair& pair : {Pair{"API.ROUTE.", "api.route"}, Pair{"Api.Route", "api.route"},
                           Pair{"XN--BCHER-KVA.de", "xn--bcher-kva.de"}}) {
    ASSERT_TRUE(canonical_host(pair.given)) << pair.given;
    EXPECT_EQ(*canonical_host(pair.given), pair.canonical);
  }
}

TEST(HostName, D13RefusesWhatHasNoOneForm) {
  const std::vector<std::string> cases = {"",
                                          ".",
                                          "route..",
                                          "..route",
                                          ".route",
                                          "a..b",
                                          "[route]",
                                          "[]",
                                          "[",
                                          "]",
                                          "ro\0ute"s,
                                          "route\0"s,
                                          "%2e",
                                          "a%2eb",
                                          "a@b",
                                          "route ",
                                          " route",
                                          "ro ute",
                                          "route\t",
                                          "route\r\n",
                                          "ro\u200bute",
                                          "a\u3002b",
                                          "b\u00fccher.example",
                                          "*.route",
                                          "a/b",
                                          "a\\b",
                                          "a?b",
                                          "a#b",
                                          "a,b",
                                          "a;b",
                                          "http://a",
                                          "route\x7f",
                                          "\xff",
                                          "[route",
                                          "route]",
                                          "[[::1]]"};
  for (const std::string& host : cases) {
    const auto result = canonical_host(host);
    ASSERT_FALSE(result) << '"' << host << '"';
    EXPECT_EQ(result.error().code, Errc::bad_request) << host;
  }
}

TEST(HostName, BoundsLabelsAndNames) {
  EXPECT_TRUE(canonical_host(std::string(63, 'a') + ".example"));
  EXPECT_FALSE(canonical_host(std::string(64, 'a') + ".example"));
  std::string name;
  while (name.size() < 252)
    name += "a.";
  name += "b";
  EXPECT_EQ(name.size(), 253U);
  EXPECT_TRUE(canonical_host(name));
  EXPECT_TRUE(canonical_host(name + "."));
  EXPECT_FALSE(canonical_host("c" + name));
}

TEST(HostName, S2RefusesOddNumberFormsOfIpv4) {
  for (const std::string_view host :
       {"0x7f.1", "2130706433", "0177.0.0.1", "127.1", "127.0.1", "0x7f000001", "0", "1.2.3.4.5", "256.0.0.1",
        "1.2.3.04", "1.2.3.0x4", "0x", "a.0x", "a.1", "1.2.3.4..", "0X7F.1"}) {
    EXPECT_FALSE(canonical_host(host)) << host;
  }
}

TEST(HostName, TakesDottedDecimal) {
  for (const std::string_view host : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "10.1.2.3"}) {
    ASSERT_TRUE(canonical_host(host)) << host;
    EXPECT_EQ(*canonical_host(host), host);
  }
  EXPECT_EQ(canonical_host("127.0.0.1.").value_or(""), "127.0.0.1");
}

TEST(HostName, D14NormalisesIpv6Literals) {
  for (const Pair& pair :
       {Pair{"[::1]", "::1"}, Pair{"::1", "::1"}, Pair{"[0:0:0:0:0:0:0:1]", "::1"}, Pair{"[::]", "::"},
        Pair{"[2001:DB8::0001]", "2001:db8::1"}, Pair{"[2001:db8:0:0:1:0:0:1]", "2001:db8::1:0:0:1"},
        Pair{"[::ffff:10.0.0.1]", "::ffff:10.0.0.1"}, Pair{"[::FFFF:0a00:0001]", "::ffff:10.0.0.1"}}) {
    ASSERT_TRUE(canonical_host(pair.given)) << pair.given;
    EXPECT_EQ(*canonical_host(pair.given), pair.canonical);
  }
}

TEST(HostName, D14RefusesZoneIdsAndBrokenLiterals) {
  for (const std::string_view host :
       {"[fe80::1%25eth0]", "[fe80::1%eth0]", "fe80::1%1", "[::1].", "[::1", "::1]", "[1.2.3.4]", "[:]",
        ":::", "1:2:3:4:5:6:7:8:9", "[::g]", "[::1]x", "[::ffff:010.0.0.1]", "[::12345]", "[v1.a]"}) {
    EXPECT_FALSE(canonical_host(host)) << host;
  }
  EXPECT_FALSE(canonical_host("[::1\0]"s));
}

TEST(HostName, IsIdempotent) {
  for (const std::string_view host : {"API.Route.", "[::FFFF:10.0.0.1]", "[2001:DB8::1]", "10.0.0.1."}) {
    const auto once = canonical_host(host);
    ASSERT_TRUE(once);
    EXPECT_EQ(canonical_host(*once).value_or(""), *once);
  }
}

TEST(HostName, TellsLiteralsFromNames) {
  for (const std::string_view literal : {"127.0.0.1", "::1", "::ffff:10.0.0.1"})
    EXPECT_TRUE(is_ip_literal(literal)) << literal;
  for (const std::string_view name : {"localhost", "1.2.3.4.example", "dead.beef", "", "0x7f.a"})
    EXPECT_FALSE(is_ip_literal(name)) << name;
}

TEST(HostName, KnowsWhatCanOnlyBeThisMachineOrAPrivateNetwork) {
  for (const std::string_view host :
       {"localhost", "db.localhost", "127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.0.1", "172.31.0.1", "192.168.0.1",
        "::1", "fd00::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:192.168.1.1"}) {
    EXPECT_TRUE(is_loopback_or_private(host)) << host;
  }
  for (const std::string_view host :
       {"localhost.example", "xlocalhost", "db", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "0.0.0.0",
        "169.254.1.1", "::", "fe80::1", "2001:db8::1", "::ffff:8.8.8.8", "ff02::1", ""}) {
    EXPECT_FALSE(is_loopback_or_private(host)) << host;
  }
}

struct AuthorityCase {
  std::string_view given, host;
  std::uint16_t port;
};

TEST(Authority, SplitsHostAndPort) {
  for (const AuthorityCase& c :
       {AuthorityCase{"Api.Stripe.com:443", "api.stripe.com", 443}, AuthorityCase{"a.:65535", "a", 65535},
        AuthorityCase{"[::1]:443", "::1", 443}, AuthorityCase{"127.0.0.1:80", "127.0.0.1", 80},
        AuthorityCase{"[::ffff:10.0.0.1]:443", "::ffff:10.0.0.1", 443}, AuthorityCase{"a:1", "a", 1}}) {
    for (const std::uint16_t default_port : std::to_array<std::uint16_t>({0, 8443})) {
      const auto parsed = parse_authority(c.given, default_port);
      ASSERT_TRUE(parsed) << c.given;
      EXPECT_EQ(parsed->host, c.host);
      EXPECT_EQ(parsed->port, c.port);
    }
  }
}

TEST(Authority, TakesTheDefaultPortWhenNoneIsGiven) {
  for (const Pair& pair : {Pair{"Example.com", "example.com"}, Pair{"[::1]", "::1"}}) {
    const auto parsed = parse_authority(pair.given, 80);
    ASSERT_TRUE(parsed) << pair.given;
    EXPECT_EQ(parsed->host, pair.canonical);
    EXPECT_EQ(parsed->port, 80);
    EXPECT_FALSE(parse_authority(pair.given, 0)) << "the port is mandatory with default 0";
  }
}

TEST(Authority, D13RefusesBadPortsAndHosts) {
  for (const std::string_view authority : {"",
                                           ":",
                                           ":443",
                                           "a:",
                                           "a:0",
                                           "a:65536",
                                           "a:99999999999",
                                           "a:-1",
                                           "a:+443",
                                           "a: 443",
                                           "a:443 ",
                                           "a:0443",
                                           "a:443:443",
                                           "a:x",
                                           "a:4x",
                                           "::1",
                                           "::1:443",
                                           "[::1]443",
                                           "[::1]:",
                                           "[::1]:0",
                                           "[::1",
                                           "]:443",
                                           "a]:443",
                                           "[a]:443",
                                           "a@b:443",
                                           "[fe80::1%25eth0]:443",
                                           "0x7f.1:443",
                                           "a..b:443",
                                           "[::1]:443]:443"}) {
    for (const std::uint16_t default_port : std::to_array<std::uint16_t>({0, 443})) {
      const auto parsed = parse_authority(authority, default_port);
      ASSERT_FALSE(parsed) << authority;
      EXPECT_EQ(parsed.error().code, Errc::bad_request);
    }
  }
}

}  // namespace
}  // namespace cordon::config
