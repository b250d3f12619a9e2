#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cordon/secret_store.hpp>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using test::file_content;
using test::TempDir;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const OnePasswordRef kStripe{"Engineering", "Stripe API Key", "secret_key", ""};

/// With the stand-in tests/support/bin/op on PATH.
class OnePasswordSecret : public testing::Test {
 protected:
  /// What the stand-in shall do; `more` are settings of it, as JSON members.
  void arrange(std::string_view more, std::string_view value = R"("canary-value")") const {
    dir_.write("stand-in.json", R"({"vaults":{"Engineering":{"Stripe API Key":{"secret_key":)" + std::string(value) +
                                    "}}}" + (more.empty() ? "" : "," + std::string(more)) + "}");
  }

  SecretStore make_store(Environment more = {}, SecretProvider provider = {"1password", {}, {}}) const {
    more.emplace("PATH", CORDON_STAND_INS ":/usr/bin:/bin");
    more.emplace("OP_CONFIG_DIR", dir_.path().native());
    SecretsConfig config;
    config.providers.push_back(std::move(provider));
    return SecretStore::create(config, std::move(more));
  }

  static Result<Secret> fetch(const SecretStore& store, const OnePasswordRef& ref = kStripe) {
    return store.fetch(ref, 30s);
  }

  /// The error of a fetch while the stand-in does as `more` says.
  Error failure(std::string_view more, const OnePasswordRef& ref = kStripe) const {
    arrange(more);
    const auto failed = fetch(make_store(), ref);
    EXPECT_FALSE(failed) << more;
    return failed ? Error{} : failed.error();
  }

  std::string calls() const { return file_content(dir_ / "stand-in-calls.jsonl"); }

  TempDir dir_;
};

auto says(Errc code, std::string_view text) {
  return AllOf(testing::Field(&Error::code, code),
               testing::Field(&Error::context, AllOf(HasSubstr(std::string(text)), Not(HasSubstr("canary")))));
}

TEST_F(OnePasswordSecret, IsTheFieldOfAnItem) {
  arrange("");
  const auto store = make_store();
  EXPECT_EQ(fetch(store).value().reveal(), "canary-value");
  EXPECT_EQ(store.cost(kStripe), FetchCost::may_block);
  EXPECT_THAT(calls(), HasSubstr(R"(/op", "item", "get", "Stripe API Key", "--vault=Engineering", )"
                                 R"("--fields=label=secret_key", "--format=json"])"));
}

TEST_F(OnePasswordSecret, IsUnescaped) {
  arrange("", R"("<&>\"\\\u00e9\ud83d\udd11=+/")");
  EXPECT_EQ(fetch(make_store()).value().reveal(), "<&>\"\\\xc3\xa9\xf0\x9f\x94\x91=+/");
}

TEST_F(OnePasswordSecret, IsFromTheAccountThatIsNamed) {
  arrange(R"("accounts":["my-team","other"])");
  auto ref = kStripe;
  EXPECT_THAT(fetch(make_store(), ref).error(), says(Errc::store_unavailable, "`op account list`"));
  EXPECT_EQ(fetch(make_store({{"OP_ACCOUNT", "other"}}), ref).value().reveal(), "canary-value");
  ref.account = "my-team";
  EXPECT_EQ(fetch(make_store(), ref).value().reveal(), "canary-value");
  arrange(R"("accounts":["my-team","my-team"])");
  EXPECT_THAT(fetch(make_store(), ref).error(), says(Errc::store_unavailable, "`op account list`"));
  ref.account = "third";
  EXPECT_THAT(fetch(make_store(), ref).error(), says(Errc::store_unavailable, "`op account list`"));
}

TEST_F(OnePasswordSecret, MayBe64KiBLong_H9) {
  arrange("", "\"" + std::string(65'536, '<') + "\"");
  EXPECT_EQ(fetch(make_store()).value().size(), 65'536U);
  arrange("", "\"" + std::string(65'537, '<') + "\"");
  EXPECT_THAT(fetch(make_store()).error(), says(Errc::secret_invalid, "64 KiB"));
}

TEST_F(OnePasswordSecret, IsOneLine_H9) {
  arrange("", R"("canary-value\n")");
  EXPECT_EQ(fetch(make_store()).value().reveal(), "canary-value");
  for (const char* value : {R"("canary\nvalue")", R"("canary\rvalue")", R"("canary\u0000value")"}) {
    arrange("", value);
    EXPECT_THAT(fetch(make_store()).error(), says(Errc::secret_invalid, "the 1Password item Stripe API Key"));
  }
}

struct Failure {
  std::string_view arranged;
  Errc code;
  std::string_view text;
};

TEST_F(OnePasswordSecret, FailsWithTheNextCommandToRun_F1) {
  for (const Failure& failing : {
           Failure{R"("state":"locked")", Errc::store_unavailable, "is locked; unlock the 1Password app"},
           {R"("state":"signed out")", Errc::store_unavailable, "signed out; run `eval $(op signin)`"},
           {R"("state":"not signed in")", Errc::store_unavailable, "signed out; run `eval $(op signin)`"},
           {R"("state":"expired")", Errc::store_unavailable, "signed out; run `eval $(op signin)`"},
           {R"("state":"no session")", Errc::store_unavailable, "signed out; run `eval $(op signin)`"},
           {R"("state":"dismissed")", Errc::store_unavailable, "nobody allowed it; run `op vault list`"},
           {R"("state":"unanswered")", Errc::store_unavailable, "nobody allowed it; run `op vault list`"},
           {R"("state":"app not there")", Errc::store_unavailable, "does not reach the 1Password app"},
           {R"("state":"app refuses")", Errc::store_unavailable, "does not reach the 1Password app"},
           {R"("state":"rate limit")", Errc::store_unavailable, "`op service-account ratelimit`"},
           {R"("state":"bad token")", Errc::store_unavailable, "OP_SERVICE_ACCOUNT_TOKEN"},
           {R"("state":"not allowed")", Errc::store_unavailable, "may not read the vault Engineering"},
           {R"("state":"offline")", Errc::store_unavailable, "over the network"},
           {R"("accounts":[])", Errc::store_unavailable, "`op account add`"},
           {R"("stderr":"unknown command \"item\" for \"op\"","exit":1)", Errc::store_unavailable, "`op --version`"},
       }) {
    EXPECT_THAT(failure(failing.arranged), says(failing.code, failing.text)) << failing.arranged;
  }
}

TEST_F(OnePasswordSecret, IsMissingByVaultItemOrField_F1) {
  EXPECT_THAT(failure("", {"Nowhere", "x", "y", ""}), says(Errc::secret_missing, "no vault Nowhere"));
  EXPECT_THAT(failure("", {"Engineering", "it's", "y", "my-team"}),
              says(Errc::secret_missing, "no item it's; `op item list --vault Engineering --account my-team`"));
  EXPECT_THAT(failure("", {"Engineering", "Stripe API Key", "other", ""}),
              says(Errc::secret_missing, "no field other; `op item get 'Stripe API Key' --vault Engineering`"));
  arrange("");
  dir_.write("stand-in.json", R"({"vaults":{"V":{"twice":[{"f":"canary"},{"f":"canary"}]}}})");
  EXPECT_THAT(fetch(make_store(), {"V", "twice", "f", ""}).error(),
              says(Errc::secret_missing, "more than one item twice"));
}

TEST_F(OnePasswordSecret, IsRefusedWithoutOneValue_F1) {
  arrange("", R"("")");
  EXPECT_THAT(fetch(make_store()).error(),
              says(Errc::secret_invalid, "field secret_key of the 1Password item Stripe API Key has no value"));
  arrange("", R"(["canary-1","canary-2"])");
  EXPECT_THAT(fetch(make_store()).error(), says(Errc::secret_invalid, "more than once"));
  arrange("", R"({"canary":1})");
  EXPECT_THAT(fetch(make_store()).error(), says(Errc::secret_invalid, "is no text"));
}

TEST_F(OnePasswordSecret, IsNotTakenFromGarbage_F1) {
  for (const char* printed : {"", "canary-value\\n", "null", "{\\\"value\\\":\\\"canary", "<html>canary</html>"})
    EXPECT_THAT(failure("\"print\":\"" + std::string(printed) + "\""), says(Errc::secret_invalid, "`op --version`"))
        << printed;
  EXPECT_THAT(failure("\"print\":\"" + std::string(1'000'000, 'x') + "\""), says(Errc::secret_invalid, "64 KiB"));
}

TEST_F(OnePasswordSecret, NeverTellsWhatOpSaid_F1) {
  EXPECT_THAT(
      failure(R"("stderr":"[ERROR] 2026/11/23 canary","print":"canary","exit":3)"),
      says(Errc::store_unavailable, "exit code 3 for a reason that is not known; `op item get 'Stripe API Key'"));
  EXPECT_THAT(failure(R"("exit":1)"), says(Errc::store_unavailable, "exit code 1"));
  EXPECT_THAT(failure(R"("signal":"KILL")"), says(Errc::store_unavailable, "signal 9"));
  EXPECT_THAT(failure(R"("stderr":")" + std::string(1'000'000, 'x') + R"(","exit":2)"),
              says(Errc::store_unavailable, "exit code 2"));
}

TEST_F(OnePasswordSecret, IsGivenUpAtTheTimeoutOfItsProvider_Q9_F1) {
  arrange(R"("delay":60)");
  const auto store = make_store({}, {"1password", {}, 300ms});
  EXPECT_EQ(store.default_deadline(kStripe), 300ms);
  const auto begin = Clock::now();
  EXPECT_THAT(fetch(store).error(), says(Errc::secret_timeout, "[[secrets.providers]]"));
  EXPECT_LT(Clock::now() - begin, 10s);
}

TEST_F(OnePasswordSecret, NeedsOp_F1) {
  arrange("");
  const auto without = SecretStore::create({}, {{"PATH", "/nonexistent"}});
  EXPECT_THAT(fetch(without).error(), says(Errc::store_unavailable, "install the 1Password CLI"));
  EXPECT_THAT(fetch(make_store({}, {"1password", "/nonexistent/op", {}})).error(),
              says(Errc::store_unavailable, "/nonexistent/op: No such file or directory; correct `path`"));
  EXPECT_THAT(fetch(make_store({}, {"1password", "/etc/passwd", {}})).error(),
              says(Errc::store_unavailable, "correct `path`"));
}

TEST_F(OnePasswordSecret, IsFromTheProgramThatTheOwnerNames_L3) {
  arrange("");
  const auto other = dir_ / "op-of-mine";
  std::filesystem::copy_file(CORDON_STAND_INS "/op", other);
  EXPECT_EQ(fetch(make_store({{"OP_SESSION_my_team", "x"}}, {"1password", other, {}})).value().reveal(),
            "canary-value");
  EXPECT_THAT(calls(), AllOf(HasSubstr("op-of-mine"), HasSubstr("OP_SESSION_my_team")))
      << "it is op, whatever it is called";
}

TEST_F(OnePasswordSecret, TellsOpNoSecretAndNoProxy_L3_R9) {
  arrange("");
  const auto store = make_store({{"HOME", "/home/u"},
                                 {"OP_SERVICE_ACCOUNT_TOKEN", "ops_token"},
                                 {"STRIPE_KEY", "canary"},
                                 {"VAULT_TOKEN", "canary"},
                                 {"HTTPS_PROXY", "http://127.0.0.1:1"},
                                 {"SSL_CERT_FILE", "/cordon.pem"}});
  ASSERT_TRUE(fetch(store));
  EXPECT_THAT(calls(), AllOf(HasSubstr(R"("HOME": "/home/u")"), HasSubstr(R"("OP_SERVICE_ACCOUNT_TOKEN": "ops_token")"),
                             HasSubstr(R"("OP_CACHE": "false")")));
  EXPECT_THAT(calls(), Not(testing::ContainsRegex("canary|127.0.0.1|cordon.pem|PROXY|SSL_CERT")));
}

TEST_F(OnePasswordSecret, LeavesTheCacheOfOpToItsOwner) {
  arrange("");
  ASSERT_TRUE(fetch(make_store({{"OP_CACHE", "true"}})));
  EXPECT_THAT(calls(), HasSubstr(R"("OP_CACHE": "true")"));
}

TEST_F(OnePasswordSecret, IsNeverAnOptionOfOp) {
  arrange("");
  for (const OnePasswordRef& ref : {OnePasswordRef{"Engineering", "-", "f", ""},
                                    {"Engineering", "--otp", "f", ""},
                                    {"-v", "i", "f", ""},
                                    {"v", "i", "", ""},
                                    {"v", "i", "f", "--help"}}) {
    EXPECT_EQ(fetch(make_store(), ref).error().code, Errc::store_unavailable);
  }
  EXPECT_EQ(calls(), "") << "op was never run";
}

TEST_F(OnePasswordSecret, IsFetchedFromManyThreads) {
  arrange("");
  const auto store = make_store();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i)
        EXPECT_EQ(fetch(store).value().reveal(), "canary-value");
    });
  }
}

}  // namespace
}  // namespace cordon
