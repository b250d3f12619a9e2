#include "proxy/cancel_keys.hpp"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cordon::proxy {
namespace {

using namespace std::literals;

const Listener& listener() {
  static const Listener made = [] {
    Listener of_tests;
    of_tests.name = "db";
    return of_tests;
  }();
  return made;
}

CancelKeys::Target target_with(std::string secret_key, std::string address = "192.0.2.1") {
  return {.settings = nullptr,
          .listener = &listener(),
          .address = std::move(address),
          .process_id = 4711,
          .secret_key = std::move(secret_key)};
}

/// A key that outlives its registration.
struct Known {
  explicit Known(const CancelKeys::Registration& registered)
      : process_id(registered.key().process_id), secret_key(base::as_text(registered.key().secret_key)) {}
  postgres::BackendKey key() const noexcept { return {process_id, base::as_bytes(secret_key)}; }

  std::uint32_t process_id;
  std::string secret_key;
};

TEST(CancelKeys, PG13OursLeadToTheOriginsOwn) {
  CancelKeys keys;
  const auto registered = keys.add(target_with("real"));
  const auto found = keys.begin_passing(registered.key(), "db");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->target.address, "192.0.2.1");
  EXPECT_EQ(found->target.key().process_id, 4711U);
  EXPECT_EQ(base::as_text(found->target.key().secret_key), "real");
}

TEST(CancelKeys, PG7OursAreAsLongAsTheOriginsOwn) {
  CancelKeys keys;
  for (const std::size_t size : {postgres::kMinCancelKey, std::size_t{32}, postgres::kMaxCancelKey}) {
    const std::string own(size, 'k');
    const auto registered = keys.add(target_with(own));
    EXPECT_EQ(registered.key().secret_key.size(), size);
    EXPECT_NE(base::as_text(registered.key().secret_key), own);
    EXPECT_TRUE(keys.begin_passing(registered.key(), "db"));
  }
}

TEST(CancelKeys, PG13AnotherKeyFindsNothing) {
  CancelKeys keys;
  const auto registered = keys.add(target_with("real"));
  const Known known(registered);
  for (std::size_t i = 0; i < known.secret_key.size(); ++i) {
    std::string wrong = known.secret_key;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(keys.begin_passing({known.process_id, base::as_bytes(wrong)}, "db")) << i;
  }
  EXPECT_FALSE(keys.begin_passing({known.process_id, base::as_bytes(known.secret_key + "x")}, "db"));
  EXPECT_FALSE(keys.begin_passing({known.process_id, base::as_bytes(known.secret_key.substr(1))}, "db"));
  EXPECT_FALSE(keys.begin_passing({known.process_id, {}}, "db"));
  EXPECT_FALSE(keys.begin_passing({known.process_id ^ 1U, base::as_bytes(known.secret_key)}, "db"));
  EXPECT_FALSE(keys.begin_passing({4711, base::as_bytes("real"sv)}, "db"))
      << "the origin's own are nothing to a client";
}

TEST(CancelKeys, PG13AnotherListenersKeyFindsNothing) {
  CancelKeys keys;
  const auto registered = keys.add(target_with("real"));
  EXPECT_FALSE(keys.begin_passing(registered.key(), "another"));
}

TEST(CancelKeys, PG13OneRequestOfASessionAtATime) {
  CancelKeys keys;
  const auto registered = keys.add(target_with("real"));
  auto first = keys.begin_passing(registered.key(), "db");
  ASSERT_TRUE(first);
  EXPECT_FALSE(keys.begin_passing(registered.key(), "db"));
  first.reset();
  EXPECT_TRUE(keys.begin_passing(registered.key(), "db"));
}

TEST(CancelKeys, TheProcessIdIsTheOriginsWhereItIsFree) {
  CancelKeys keys;
  const auto first = keys.add(target_with("real"));
  const auto second = keys.add(target_with("real"));
  EXPECT_EQ(first.key().process_id, 4711U) << "what the server says of the session is true of it";
  EXPECT_NE(second.key().process_id, 4711U);
}

TEST(CancelKeys, PG13ASessionThatHasEndedIsForgotten) {
  CancelKeys keys;
  std::optional<CancelKeys::Registration> registered = keys.add(target_with("real"));
  const Known known(*registered);
  EXPECT_TRUE(keys.begin_passing(known.key(), "db"));
  registered.reset();
  EXPECT_FALSE(keys.begin_passing(known.key(), "db"));
}

TEST(CancelKeys, ARegistrationThatWasMovedFromForgetsNothing) {
  CancelKeys keys;
  std::optional<CancelKeys::Registration> first = keys.add(target_with("real"));
  const CancelKeys::Registration second = std::move(*first);
  first.reset();
  EXPECT_TRUE(keys.begin_passing(second.key(), "db"));
}

TEST(CancelKeys, EachIsAnotherAndAServersOwnCouldLookLikeThat) {
  CancelKeys keys;
  std::vector<CancelKeys::Registration> all;
  std::set<std::uint32_t> process_ids;
  std::set<std::string> secret_keys;
  for (int i = 0; i < 500; ++i) {
    all.push_back(keys.add(target_with("0123456789abcdef", std::to_string(i))));
    process_ids.insert(all.back().key().process_id);
    secret_keys.emplace(base::as_text(all.back().key().secret_key));
  }
  EXPECT_EQ(process_ids.size(), 500U);
  EXPECT_EQ(secret_keys.size(), 500U);
  EXPECT_GT(*process_ids.begin(), 0U);
  EXPECT_LE(*process_ids.rbegin(), 0x7fff'ffffU) << "positive in an Int32";
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(keys.begin_passing(all[i].key(), "db")->target.address, std::to_string(i));
}

TEST(CancelKeys, ServeSeveralThreads) {
  CancelKeys keys;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&keys, worker] {
      const std::string address = std::to_string(worker);
      for (int i = 0; i < 200; ++i) {
        const auto registered = keys.add(target_with("real", address));
        const auto found = keys.begin_passing(registered.key(), "db");
        EXPECT_TRUE(found && found->target.address == address);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace
}  // namespace cordon::proxy
