#include "net/address_policy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::net {
namespace {

asio::ip::address parse(const char* text) {
  asio::error_code error;
  const auto address = asio::ip::make_address(text, error);
  EXPECT_FALSE(error) << text;
  return address;
}

TEST(AddressPolicy, S1DeniesEachRangeFromItsFirstToItsLastAddress) {
  constexpr const char* kDenied[] = {
      "0.0.0.0",
      "0.255.255.255",
      "10.0.0.0",
      "10.255.255.255",
      "100.64.0.0",
      "100.127.255.255",
      "127.0.0.0",
      "127.0.0.1",
      "127.255.255.255",
      "169.254.0.0",
      "169.254.169.254",
      "169.254.255.255",
      "172.16.0.0",
      "172.31.255.255",
      "192.0.0.0",
      "192.0.0.255",
      "192.168.0.0",
      "192.168.255.255",
      "198.18.0.0",
      "198.19.255.255",
      "224.0.0.0",
      "239.255.255.255",
      "240.0.0.0",
      "255.255.255.255",
      "::",
      "::1",
      "fc00::",
      "fd00::1",
      "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "fe80::",
      "febf::ffff",
      "fec0::1",
      "feff::ffff",
      "ff00::",
      "ff02::1",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "64:ff9b:1::",
      "64:ff9b:1::8.8.8.8",
      "64:ff9b:1:ffff::1",
  };
  for (const char* text : kDenied)
    EXPECT_TRUE(is_denied(parse(text))) << text;
}

TEST(AddressPolicy, S1AllowsTheNeighboursOfEachRange) {
  constexpr const char* kAllowed[] = {
      "1.0.0.0",   "9.255.255.255",   "11.0.0.0",    "100.63.255.255", "100.128.0.0",     "126.255.255.255",
      "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",      "191.255.255.255",
      "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",      "223.255.255.255",
      "192.0.2.1", "198.51.100.7",    "203.0.113.7", "2001:db8::1",    "2606:4700::1111", "fbff:ffff::1",
      "fe00::1",   "fe7f::1",         "64:ff9c::1",  "2001:1::1",      "2003::1",
  };
  for (const char* text : kAllowed)
    EXPECT_FALSE(is_denied(parse(text))) << text;
}

/// The IPv6 forms that stand for an IPv4 address.
struct Carrier {
  const char* name;
  std::string denied;   ///< Carries 10.0.0.1.
  std::string allowed;  ///< Carries 8.8.8.8.
};

TEST(AddressPolicy, S1JudgesIpv6FormsByTheIpv4AddressInside) {
  const Carrier carriers[] = {
      {"mapped", "::ffff:10.0.0.1", "::ffff:8.8.8.8"},         {"compatible", "::10.0.0.1", "::8.8.8.8"},
      {"translated", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8"}, {"NAT64", "64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8"},
      {"6to4", "2002:0a00:0001::1", "2002:0808:0808::1"},      {"Teredo", "2001::f5ff:fffe", "2001::f7f7:f7f7"},
  };
  for (const Carrier& carrier : carriers) {
    EXPECT_TRUE(is_denied(parse(carrier.denied.c_str()))) << carrier.name;
    EXPECT_FALSE(is_denied(parse(carrier.allowed.c_str()))) << carrier.name;
  }
}

TEST(AddressPolicy, S1JudgesMappedFormsOfEveryRange) {
  for (const char* text : {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1",
                           "192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"}) {
    for (const char* prefix : {"::ffff:", "::", "::ffff:0:", "64:ff9b::"})
      EXPECT_TRUE(is_denied(parse((std::string(prefix) + text).c_str()))) << prefix << text;
  }
}

TEST(AddressPolicy, PlaintextGoesToLoopbackAndPrivateNetworksOnly) {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "::1",
                           "fc00::1", "fdff::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1"}) {
    EXPECT_TRUE(is_private(parse(text))) << text;
  }
  for (const char* text :
       {"8.8.8.8", "0.0.0.0", "169.254.169.254", "fe80::1", "100.64.0.1", "172.32.0.1", "224.0.0.1", "255.255.255.255",
        "2001:db8::1", "::ffff:8.8.8.8", "64:ff9b::10.0.0.1", "2002:0a00:0001::1", "ff02::1"}) {
    EXPECT_FALSE(is_private(parse(text))) << text;
  }
}

TEST(AddressPolicy, ReachDecidesWhichRuleHolds) {
  struct Row {
    const char* address;
    bool public_only, anywhere, private_only;
  };
  constexpr Row kRows[] = {
      {"203.0.113.7", true, true, false},
      {"127.0.0.1", false, true, true},
      {"100.64.0.1", false, true, false},
      {"::1", false, true, true},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(allows(Reach::public_only, parse(row.address)), row.public_only) << row.address;
    EXPECT_EQ(allows(Reach::anywhere, parse(row.address)), row.anywhere) << row.address;
    EXPECT_EQ(allows(Reach::private_only, parse(row.address)), row.private_only) << row.address;
  }
}

TEST(AddressPolicy, S4KnowsThisMachinesAddresses) {
  for (const char* text : {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_own_address(parse(text))) << text;
  for (const char* text : {"203.0.113.99", "2001:db8::99", "::ffff:203.0.113.99"})
    EXPECT_FALSE(is_own_address(parse(text))) << text;
}

}  // namespace
}  // namespace cordon::net
