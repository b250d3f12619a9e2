#include "tokens/token_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon::tokens {
namespace {

using test::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Keeps the notices.
class Notices final : public EventSink {
 public:
  void on_request(const RequestEvent& /*event*/) noexcept override {}
  void on_notice(LogLevel /*level*/, std::string_view text) noexcept override { all.emplace_back(text); }
  bool wants(LogLevel /*level*/) const noexcept override { return true; }

  std::vector<std::string> all;
};

class TokenWatching : public ::testing::Test {
 protected:
  std::string value(std::string_view name = "default") {
    const auto value = file_.value(name);
    EXPECT_TRUE(value);
    return value ? std::string(value->reveal()) : std::string();
  }

  bool accepts(std::string_view value) {
    const auto set = watch_.current();
    return set && set->find(value) != nullptr;
  }

  /// As long ago as it takes for the file's times to tell every later change.
  void age() {
    timespec times[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 1}, {.tv_sec = 1'000'000'000, .tv_nsec = 1}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file_.path().c_str(), times, 0), 0);
  }

  TempDir dir_;
  TokenFile file_{dir_ / "tokens.toml"};
  Notices sink_;
  TokenWatch watch_{file_.path(), sink_};
};

TEST_F(TokenWatching, IsOpenAsLongAsTheFileHasNeverBeenThere) {
  EXPECT_EQ(watch_.current(), nullptr);
  EXPECT_EQ(watch_.current(), nullptr);
  EXPECT_TRUE(sink_.all.empty());
  TokenWatch without({}, sink_);
  EXPECT_EQ(without.current(), nullptr);
}

TEST_F(TokenWatching, AFileThatAppearsTurnsEnforcementOn) {
  EXPECT_EQ(watch_.current(), nullptr);
  ASSERT_TRUE(file_.create("codex", {}));
  EXPECT_TRUE(accepts(value()));
  EXPECT_TRUE(accepts(value("codex")));
  EXPECT_FALSE(accepts("cdn_"));
  EXPECT_THAT(sink_.all, ElementsAre("tokens are enforced: default, codex"));
}

TEST_F(TokenWatching, EachChangeHoldsForTheNextCall) {
  ASSERT_TRUE(file_.create("codex", {}));
  std::string before = value("codex");
  // Quick enough that the file's times need not tell one from the next.
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(accepts(before));
    ASSERT_TRUE(file_.rotate("codex"));
    EXPECT_FALSE(accepts(before)) << i;
    before = value("codex");
  }
  ASSERT_TRUE(file_.revoke("codex"));
  EXPECT_FALSE(accepts(before));
  EXPECT_TRUE(accepts(value()));
}

TEST_F(TokenWatching, GivesTheSameSetWhileNothingHasChanged) {
  ASSERT_TRUE(file_.rotate("default"));
  const auto first = watch_.current();
  EXPECT_EQ(watch_.current(), first);
  age();  // other times, the same content
  EXPECT_EQ(watch_.current(), first);
  EXPECT_EQ(sink_.all.size(), 1U);
}

/// What may happen to the file while the proxy runs, and how the log tells it.
struct Mishap {
  const char* name;
  std::function<void(const std::filesystem::path&)> happen;
  const char* told;
};

TEST_F(TokenWatching, F4K5StaysClosedWhateverBecomesOfTheFile) {
  const Mishap mishaps[] = {
      {"deleted", [](const auto& path) { std::filesystem::remove(path); }, "the file is gone"},
      {"its folder moved away",
       [](const auto& path) { std::filesystem::rename(path.parent_path(), path.parent_path().native() + "-away"); },
       "the file is gone"},
      {"truncated", [](const auto& path) { std::filesystem::resize_file(path, 0); }, "there is no token in it"},
      {"cut", [](const auto& path) { std::filesystem::resize_file(path, 150); }, "tokens.toml:"},
      {"readable by all", [](const auto& path) { ::chmod(path.c_str(), 0644); }, "chmod 600"},
      {"a folder",
       [](const auto& path) {
         std::filesystem::remove(path);
         std::filesystem::create_directory(path);
       },
       "not a regular file"},
      {"a symlink to itself as it was",
       [](const auto& path) {
         std::filesystem::rename(path, path.native() + ".moved");
         std::filesystem::create_symlink(path.native() + ".moved", path);
       },
       "symbolic link"},
  };
  for (const Mishap& mishap : mishaps) {
    SCOPED_TRACE(mishap.name);
    const TempDir dir;
    TokenFile file(dir / "state/tokens.toml");
    ASSERT_TRUE(file.rotate("default"));
    const std::string value(file.value("default").value().reveal());
    Notices sink;
    TokenWatch watch(file.path(), sink);
    ASSERT_NE(watch.current()->find(value), nullptr);
    mishap.happen(file.path());
    for (int i = 0; i < 3; ++i) {
      const auto set = watch.current();
      ASSERT_NE(set, nullptr);
      EXPECT_TRUE(set->entries().empty());
    }
    EXPECT_THAT(sink.all,
                ElementsAre(HasSubstr("enforced"), AllOf(HasSubstr("no token is accepted"), HasSubstr(mishap.told))));
    for (const std::string& notice : sink.all)
      EXPECT_EQ(notice.find(value.substr(4, 12)), std::string::npos);
    std::filesystem::remove_all(dir.path().native() + "/state-away");
  }
}

TEST_F(TokenWatching, F4AFaultyFileFromTheBeginningIsClosedToo) {
  dir_.write("tokens.toml", "");
  ASSERT_NE(watch_.current(), nullptr);
  EXPECT_TRUE(watch_.current()->entries().empty());
}

TEST_F(TokenWatching, OpensAgainForTheTokensOfAGoodFile) {
  ASSERT_TRUE(file_.rotate("default"));
  const std::string before = value();
  ASSERT_TRUE(accepts(before));
  std::filesystem::remove(file_.path());
  EXPECT_FALSE(accepts(before));
  ASSERT_TRUE(file_.rotate("default"));
  EXPECT_TRUE(accepts(value()));
  EXPECT_FALSE(accepts(before));
  EXPECT_EQ(sink_.all.size(), 3U);
}

TEST_F(TokenWatching, ManyThreadsSeeNoMomentWithoutTokens) {
  ASSERT_TRUE(file_.create("kept", {}));
  const std::string kept = value("kept");
  std::atomic<bool> done = false;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!done) {
          const auto set = watch_.current();
          if (!set || set->find(kept) == nullptr) ++refused;
        }
      });
    }
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(file_.rotate("default"));
    done = true;
  }
  EXPECT_EQ(refused, 0);
  EXPECT_TRUE(accepts(value()));
}

}  // namespace
}  // namespace cordon::tokens
