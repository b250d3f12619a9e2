#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cordon/secret_store.hpp>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using test::file_content;
using test::TempDir;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class CommandSecret : public testing::Test {
 protected:
  std::filesystem::path script(std::string_view name, std::string_view body) const {
    return dir_.write(name, "#!/bin/sh\n" + std::string(body) + "\n", 0700);
  }

  static Result<Secret> fetch(const SecretStore& store, std::vector<std::string> argv,
                              std::chrono::milliseconds deadline = 10s) {
    return store.fetch(CommandRef{std::move(argv), {}}, deadline);
  }

  Result<Secret> run(std::string_view body) const { return fetch(store_, {script("helper", body).native()}); }

  TempDir dir_;
  SecretStore store_ = SecretStore::create({}, {{"PATH", "/usr/bin:/bin"}});
};

TEST_F(CommandSecret, IsTheFirstLineThatAProgramPrints) {
  EXPECT_EQ(run("echo value").value().reveal(), "value");
  EXPECT_EQ(run("printf value").value().reveal(), "value");
  EXPECT_EQ(run("printf 'value\\r\\n'").value().reveal(), "value");
  EXPECT_EQ(run("printf 'value\\nuser: me\\nurl: x\\n'").value().reveal(), "value");
  EXPECT_EQ(run("echo noise >&2; echo value").value().reveal(), "value");
  EXPECT_EQ(store_.cost(CommandRef{{"x"}, {}}), FetchCost::may_block);
}

TEST_F(CommandSecret, IsFoundInThePathOfTheStore) {
  std::filesystem::create_directory(dir_ / "bin");
  script("bin/my-store", "echo \"$0 $1\"");
  const auto store = SecretStore::create({}, {{"PATH", "relative:" + (dir_ / "bin").native() + ":/usr/bin:/bin"}});
  EXPECT_EQ(fetch(store, {"my-store", "item"}).value().reveal(), (dir_ / "bin/my-store").native() + " item");
}

TEST_F(CommandSecret, StaysTheProgramThatWasFoundFirst_L3) {
  for (const char* folder : {"early", "late"})
    std::filesystem::create_directory(dir_ / folder);
  script("late/my-store", "echo right");
  const std::string base = dir_.path().native();
  const auto store = SecretStore::create({}, {{"PATH", base + "/early:" + base + "/late"}});
  EXPECT_EQ(fetch(store, {"my-store"}).value().reveal(), "right");
  script("early/my-store", "echo wrong");
  EXPECT_EQ(fetch(store, {"my-store"}).value().reveal(), "right");
}

TEST_F(CommandSecret, NeedsAProgramThatCanBeNamed_F1) {
  const auto missing = fetch(store_, {"no-such-program-here"});
  EXPECT_EQ(missing.error().code, Errc::store_unavailable);
  EXPECT_NE(missing.error().context.find("no-such-program-here"), std::string::npos);
  EXPECT_EQ(fetch(store_, {"bin/relative"}).error().code, Errc::store_unavailable);
  EXPECT_EQ(fetch(store_, {}).error().code, Errc::store_unavailable);
  EXPECT_EQ(fetch(store_, {""}).error().code, Errc::store_unavailable);
  EXPECT_EQ(fetch(store_, {"/nowhere/helper"}).error().code, Errc::store_unavailable);
  EXPECT_EQ(fetch(SecretStore::create({}, {}), {"sh"}).error().code, Errc::store_unavailable) << "no PATH";
}

TEST_F(CommandSecret, FailsWithTheExitCodeAndNeverTheOutput_F1) {
  for (const char* body : {"echo canary; echo canary >&2; exit 3", "echo canary; kill -SEGV $$"}) {
    const auto failed = run(body);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::store_unavailable);
    EXPECT_NE(failed.error().context.find("`helper`"), std::string::npos);
    EXPECT_EQ(failed.error().context.find("canary"), std::string::npos);
  }
  EXPECT_NE(run("exit 3").error().context.find("exit code 3"), std::string::npos);
  EXPECT_NE(run("kill -SEGV $$").error().context.find("signal 11"), std::string::npos);
}

TEST_F(CommandSecret, IsRefusedWhenItIsGarbage_F1) {
  for (const char* body : {"exit 0", "echo", "printf '\\nvalue\\n'", "printf 'can\\0ary'", "printf 'can\\rary\\n'",
                           "head -c 65537 /dev/zero | tr '\\0' c", "yes canary"}) {
    const auto refused = run(body);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().code, Errc::secret_invalid) << body;
    EXPECT_EQ(refused.error().context.find("can"), std::string::npos);
  }
  EXPECT_EQ(run("head -c 65536 /dev/zero | tr '\\0' c").value().size(), 65'536U);
}

TEST_F(CommandSecret, NeverShowsAnArgument) {
  const auto failed = fetch(store_, {"/bin/sh", "-c", "exit 1 # canary"});
  EXPECT_EQ(failed.error().context.find("canary"), std::string::npos);
}

TEST_F(CommandSecret, IsGivenUpAtItsDeadlineWithItsWholeGroup_Q9_F1) {
  const std::string file = (dir_ / "pid").native();
  const auto begin = Clock::now();
  const auto helper = script("slow", "sh -c 'echo $$ > " + file + "; exec sleep 100' & wait");
  const auto failed = fetch(store_, {helper.native()}, 1500ms);
  EXPECT_LT(Clock::now() - begin, 10s);
  EXPECT_EQ(failed.error().code, Errc::secret_timeout);
  EXPECT_NE(failed.error().context.find("`slow`"), std::string::npos);
  const std::string pid = file_content(file);
  ASSERT_FALSE(pid.empty());
  const auto is_gone = [&] {
    const std::string stat = file_content("/proc/" + std::to_string(std::stoi(pid)) + "/stat");
    return ::kill(std::stoi(pid), 0) != 0 || stat.find(") Z") != std::string::npos;
  };
  for (const auto until = Clock::now() + 5s; !is_gone() && Clock::now() < until;)
    std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(is_gone()) << "the grandchild lives on";
}

TEST_F(CommandSecret, HasItsOwnTimeout) {
  const CommandRef ref{{script("slow", "sleep 100").native()}, 200ms};
  EXPECT_EQ(store_.default_deadline(ref), 200ms);
  EXPECT_EQ(store_.default_deadline(CommandRef{{"x"}, {}}), 15s);
  const auto begin = Clock::now();
  EXPECT_EQ(store_.fetch(ref, 60s).error().code, Errc::secret_timeout);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST_F(CommandSecret, DoesNotDelayAnother_Q9) {
  const auto slow = script("slow", "sleep 100").native();
  const auto quick = script("quick", "echo value").native();
  const auto begin = Clock::now();
  std::jthread waiting([&] { (void)fetch(store_, {slow}, 3s); });
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(fetch(store_, {quick}).value().reveal(), "value");
  EXPECT_LT(Clock::now() - begin, 2500ms);
}

TEST_F(CommandSecret, TellsTheHelperNoSecretAndNoProxy_L3_R9) {
  const std::string file = (dir_ / "seen").native();
  const auto helper = script("helper", "env > " + file + "; cat /proc/$$/cmdline >> " + file + "; echo value");
  const auto store = SecretStore::create({}, {{"PATH", "/usr/bin:/bin"},
                                              {"HOME", "/home/u"},
                                              {"STRIPE_KEY", "canary"},
                                              {"OP_SERVICE_ACCOUNT_TOKEN", "canary"},
                                              {"VAULT_TOKEN", "canary"},
                                              {"HTTPS_PROXY", "http://127.0.0.1:1"},
                                              {"https_proxy", "http://127.0.0.1:1"},
                                              {"SSL_CERT_FILE", "/cordon.pem"}});
  EXPECT_EQ(store.fetch(EnvRef{"STRIPE_KEY"}, 1s).value().reveal(), "canary");
  EXPECT_EQ(fetch(store, {helper.native(), "item"}).value().reveal(), "value");
  const std::string seen = file_content(file);
  EXPECT_NE(seen.find("HOME=/home/u\n"), std::string::npos);
  EXPECT_NE(seen.find("item"), std::string::npos) << "its argument";
  for (const char* never : {"canary", "127.0.0.1", "cordon.pem", "PROXY", "proxy", "SSL_CERT", "value"}) {
    // The script's own text is not in its argv or environment.
    EXPECT_EQ(seen.find(never), std::string::npos) << never << " in\n" << seen;
  }
}

TEST_F(CommandSecret, HasTheDescriptorLimitOfItsHost) {
  store_.limit_helper_descriptors(77);
  EXPECT_EQ(run("ulimit -Sn").value().reveal(), "77");
}

TEST_F(CommandSecret, CanBeFetchedFromManyThreads) {
  const auto helper = script("helper", "echo value-$1").native();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto text = std::to_string(t);
      for (int i = 0; i < 3; ++i)
        EXPECT_EQ(fetch(store_, {helper, text}, 60s).value().reveal(), "value-" + text);
    });
  }
}

}  // namespace
}  // namespace cordon
