// The small members of the public structs.
#include <cordon/config.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon {
namespace {

TEST(Describe, PutsAReferenceInWords) {
  EXPECT_EQ(describe(OnePasswordRef{"Engineering", "Stripe API Key", "secret_key", ""}),
            "1Password item Engineering/Stripe API Key/secret_key");
  EXPECT_EQ(describe(OnePasswordRef{"v", "i", "f", "my-team"}), "1Password item v/i/f (account my-team)");
  EXPECT_EQ(describe(KeyringRef{"stripe", "cordon", ""}), "keyring entry stripe of service cordon");
  EXPECT_EQ(describe(EnvRef{"STRIPE_KEY"}), "environment variable STRIPE_KEY");
  EXPECT_EQ(describe(FileRef{"/run/secrets/stripe"}), "file /run/secrets/stripe");
  EXPECT_EQ(describe(PluggedRef{"vault", "stripe"}), "entry stripe of store vault");
}

TEST(Describe, ShowsAProgramWithoutItsArguments) {
  EXPECT_EQ(describe(CommandRef{{"/usr/bin/get", "--password", "hunter2"}, std::nullopt}), "command /usr/bin/get");
  EXPECT_EQ(describe(CommandRef{}), "command (none)");
}

TEST(Describe, EscapesControlCharacters) {
  EXPECT_EQ(describe(KeyringRef{"a\x1b[31m", "b\n", ""}), "keyring entry a\\u001b[31m of service b\\u000a");
}

TEST(PortSet, ContainsItsPorts) {
  const PortSet ports{false, {443, 8443}};
  EXPECT_TRUE(ports.contains(443));
  EXPECT_TRUE(ports.contains(8443));
  EXPECT_FALSE(ports.contains(80));
  EXPECT_FALSE(PortSet{}.contains(443));
}

TEST(PortSet, AnyContainsEveryPort) {
  EXPECT_TRUE((PortSet{true, {}}.contains(1)));
  EXPECT_TRUE((PortSet{true, {}}.contains(65535)));
}

}  // namespace
}  // namespace cordon
