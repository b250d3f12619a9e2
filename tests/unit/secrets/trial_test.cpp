#include <gtest/gtest.h>

#include <cordon/diagnostics.hpp>

namespace cordon {
namespace {

using namespace std::chrono_literals;

SecretRef slow(std::string output) {
  return CommandRef{.argv = {"sh", "-c", "sleep 0.3; " + std::move(output)}, .timeout = 20s};
}

TEST(SecretTrial, TellsHowEachFetchWent) {
  const auto store = SecretStore::create({}, {{"KEY", "value"}, {"PATH", "/usr/bin:/bin"}});
  const SecretRef refs[] = {EnvRef{"KEY"}, EnvRef{"NONE"}, slow("echo x")};
  const auto trials = try_secrets(store, refs);
  ASSERT_EQ(trials.size(), 3U);
  EXPECT_FALSE(trials[0].error);
  ASSERT_TRUE(trials[1].error);
  EXPECT_EQ(trials[1].error->code, Errc::secret_missing);
  EXPECT_FALSE(trials[2].error);
  EXPECT_GE(trials[2].took, 300ms);
  EXPECT_LT(trials[0].took, trials[2].took);
}

TEST(SecretTrial, FetchesAllAtTheSameTime) {
  const auto store = SecretStore::create({}, {{"PATH", "/usr/bin:/bin"}});
  const std::vector<SecretRef> refs(20, slow("echo x"));
  const auto start = std::chrono::steady_clock::now();
  for (const SecretTrial& trial : try_secrets(store, refs))
    EXPECT_FALSE(trial.error) << trial.error->context;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20 * 300ms);
}

TEST(SecretTrial, OfNothingIsNothing) {
  EXPECT_TRUE(try_secrets(SecretStore::create({}, {}), {}).empty());
}

}  // namespace
}  // namespace cordon
