#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tls/context.hpp"
#include "tls/roots.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/tls/handshake.hpp"

namespace cordon {
namespace {

using namespace std::chrono_literals;

class CaManagerTest : public ::testing::Test {
 protected:
  CaManagerTest() : manager_(std::move(*place_.open())) {}

  std::shared_ptr<const tls::Identity> leaf(std::string_view host) {
    auto made = manager_.leaf(host);
    EXPECT_TRUE(made) << made.error().context;
    return std::move(*made);
  }

  test::CaFolder place_;
  CaManager manager_;
};

TEST_F(CaManagerTest, KeepsTheLeafOfAHost) {
  EXPECT_EQ(leaf("a.example"), leaf("a.example"));
  EXPECT_NE(leaf("a.example"), leaf("b.example"));
}

// T2
TEST_F(CaManagerTest, MakesALeafAnewADayBeforeItEnds) {
  const auto first = leaf("a.example");
  place_.now = first->not_after() - 25h;
  EXPECT_EQ(leaf("a.example"), first);
  place_.now = first->not_after() - 24h;
  const auto second = leaf("a.example");
  EXPECT_NE(second, first);
  EXPECT_EQ(leaf("a.example"), second);
  place_.now = second->not_after() + 1h;
  EXPECT_GT(leaf("a.example")->not_after(), place_.now);
}

TEST_F(CaManagerTest, MakesALeafAnewWhenTheClockWasPutBack) {
  const auto first = leaf("a.example");
  place_.now -= 48h;
  const auto second = leaf("a.example");
  EXPECT_NE(second, first);
  EXPECT_LE(second->not_after(), place_.now + 7 * 24h);
}

TEST_F(CaManagerTest, KeepsTheLastLeafUntilTheCaEnds) {
  place_.now = manager_.not_after() - 2h;
  const auto last = leaf("a.example");
  EXPECT_EQ(last->not_after(), manager_.not_after());
  place_.now = manager_.not_after() - 1s;
  EXPECT_EQ(leaf("a.example"), last);
  place_.now = manager_.not_after();
  const auto none = manager_.leaf("a.example");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::ca_invalid);
}

// T3
TEST_F(CaManagerTest, KeepsTheLast1024Leaves) {
  const auto first = leaf("host0.example");
  for (int i = 1; i < 1024; ++i)
    leaf("host" + std::to_string(i) + ".example");
  EXPECT_EQ(leaf("host0.example"), first);  // which makes host1 the oldest
  const auto second = leaf("host2.example");
  leaf("another.example");
  EXPECT_EQ(leaf("host0.example"), first);
  EXPECT_EQ(leaf("host2.example"), second);
  EXPECT_EQ(first.use_count(), 2);
  for (int i = 0; i < 1024; ++i)
    leaf("other" + std::to_string(i) + ".example");
  EXPECT_EQ(first.use_count(), 1);
}

TEST_F(CaManagerTest, GivesAllThreadsTheSameLeaf) {
  std::vector<std::shared_ptr<const tls::Identity>> seen(8);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([this, &mine] {
      for (int i = 0; i < 20; ++i)
        leaf("host" + std::to_string(i) + ".example");
      mine = leaf("a.example");
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 1U);
}

TEST_F(CaManagerTest, RefusesAHostThatIsNotCanonical) {
  const auto made = manager_.leaf("*.example");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::bad_request);
}

/// For the names of this machine, whatever listener shows it.
class CaManagerLoopback : public CaManagerTest {
 protected:
  std::shared_ptr<const tls::Identity> loopback_leaf() {
    auto made = manager_.loopback_leaf();
    EXPECT_TRUE(made) << made.error().context;
    return std::move(*made);
  }
};

TEST_F(CaManagerLoopback, IsKeptAndRenewedAsTheOthersAre) {
  const auto first = loopback_leaf();
  EXPECT_EQ(loopback_leaf(), first);
  place_.now = first->not_after() - 25h;
  EXPECT_EQ(loopback_leaf(), first);
  place_.now = first->not_after() - 24h;
  const auto second = loopback_leaf();
  EXPECT_NE(second, first);
  EXPECT_EQ(loopback_leaf(), second);
  EXPECT_GT(second->not_after(), place_.now + 24h);
}

TEST_F(CaManagerLoopback, IsNotTheLeafOfAnyHost) {
  const auto loopback = loopback_leaf();
  for (const char* host : {"localhost", "127.0.0.1", "::1"})
    EXPECT_NE(leaf(host), loopback) << host;
  EXPECT_EQ(loopback_leaf(), loopback);
  for (const char* host : {"", "localhost,127.0.0.1,::1", "localhost 127.0.0.1 ::1", "the names of this machine"})
    EXPECT_FALSE(manager_.leaf(host)) << host;
}

TEST_F(CaManagerLoopback, EndsWithTheCa) {
  place_.now = manager_.not_after() - 2h;
  EXPECT_EQ(loopback_leaf()->not_after(), manager_.not_after());
  place_.now = manager_.not_after();
  const auto none = manager_.loopback_leaf();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::ca_invalid);
}

// F2: what is on the disk matters at the start only.
TEST_F(CaManagerTest, WorksOnWhenItsFilesAreGone) {
  std::filesystem::remove_all(place_.paths.cert.parent_path());
  EXPECT_NE(leaf("a.example"), nullptr);
  EXPECT_FALSE(manager_.certificate_pem().empty());
}

TEST_F(CaManagerTest, MovesWithItsLeaves) {
  const auto first = leaf("a.example");
  CaManager moved(std::move(manager_));
  EXPECT_EQ(*moved.leaf("a.example"), first);
  EXPECT_TRUE(moved.leaf("b.example"));
  EXPECT_EQ(moved.paths().key, place_.paths.key);
}

/// A handshake in which `identity` is shown to a client that believes `pem`.
test::HandshakeOutcome show(const tls::Identity& identity, const std::string& host, bssl::UniquePtr<X509_STORE> roots) {
  const auto server_context = tls::make_server_context(identity);
  const auto client_context = tls::make_origin_context(std::move(roots));
  const auto server = tls::make_server_session(**server_context, host);
  const auto client = tls::make_origin_session(**client_context, host);
  return test::join_and_shake_hands(**client, **server);
}

bssl::UniquePtr<X509_STORE> store_with(const std::string& pem) {
  const bssl::UniquePtr<BIO> reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const bssl::UniquePtr<X509> certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), certificate.get());
  return store;
}

TEST_F(CaManagerTest, IssuesLeavesThatAClientOfThisCaBelieves) {
  for (const std::string host : {"api.example.com", "192.0.2.1", "2001:db8::1"}) {
    const auto outcome = show(*leaf(host), host, store_with(manager_.certificate_pem()));
    EXPECT_TRUE(outcome.done()) << outcome.client_words << outcome.server_words;
  }
}

// D4
TEST_F(CaManagerLoopback, IsBelievedForEachOfItsThreeNamesAndNoOther) {
  const auto identity = loopback_leaf();
  for (const std::string host : {"localhost", "127.0.0.1", "::1"}) {
    const auto outcome = show(*identity, host, store_with(manager_.certificate_pem()));
    EXPECT_TRUE(outcome.done()) << host << outcome.client_words << outcome.server_words;
  }
  for (const std::string host : {"127.0.0.2", "api.localhost", "db.example"}) {
    const auto outcome = show(*identity, host, store_with(manager_.certificate_pem()));
    EXPECT_FALSE(outcome.client_done) << host;
    EXPECT_TRUE(outcome.client_words.starts_with("certificate is for another ")) << outcome.client_words;
  }
}

// T11: as an origin's, the same leaf is refused, wherever the CA's certificate was found.
TEST_F(CaManagerTest, IssuesLeavesThatNoOriginGetsBy) {
  ASSERT_TRUE(manager_.refresh_bundle());
  const std::vector<std::string> pems = {test::file_content(place_.paths.bundle)};
  const auto outcome = show(*leaf("api.example.com"), "api.example.com", std::move(*tls::make_root_store(pems)));
  EXPECT_FALSE(outcome.client_done);
  EXPECT_EQ(outcome.client_words,
            "certificate's issuer is not among the trusted roots, or the server does not send its chain");
  EXPECT_EQ(outcome.server_words, "peer does not trust the certificate's issuer (alert unknown_ca)");
}

}  // namespace
}  // namespace cordon
