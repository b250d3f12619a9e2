// TlsStream over real loopback sockets, and the resumption of sessions.
#include <gtest/gtest.h>

#include <optional>

#include "net/tls_sessions.hpp"
#include "net/tls_stream.hpp"
#include "socket_pair.hpp"
#include "tls/context.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using Ended = std::optional<Result<>>;
using Text = std::optional<Result<std::string>>;
using test::EventLoop;

/// Both sides' TLS settings for one host.
struct Settings {
  explicit Settings(const std::string& host)
      : identity(test::make_test_identity({.names = "DNS:" + host, .usage = "serverAuth"})) {
    server = tls::make_server_context(*identity).value();
    bssl::UniquePtr<X509_STORE> roots(X509_STORE_new());
    X509_STORE_add_cert(roots.get(), identity->certificate());
    client = tls::make_origin_context(std::move(roots)).value();
    TlsSessions::enable(*client);
  }
  std::unique_ptr<tls::Identity> identity;
  bssl::UniquePtr<SSL_CTX> server;
  bssl::UniquePtr<SSL_CTX> client;
};

class Tls : public testing::Test {
 protected:
  void connect(const std::string& client_host = "tls.test", TlsSessions* sessions = nullptr) {
    auto pair = test::make_pair(loop_);
    asked_ = client_host;
    auto client_ssl = tls::make_origin_session(*settings_.client, asked_).value();
    if (sessions != nullptr) sessions->begin(*client_ssl, client_host);
    client_ = std::make_unique<TlsStream>(std::move(pair.near), std::move(client_ssl));
    server_ =
        std::make_unique<TlsStream>(std::move(pair.far), tls::make_server_session(*settings_.server, host_).value());
  }

  void shake_hands() {
    client_done_.reset();
    server_done_.reset();
    loop_.start(client_->handshake(), client_done_);
    loop_.start(server_->handshake(), server_done_);
    loop_.run_until([this] { return client_done_ && server_done_; });
  }

  std::string host_ = "tls.test";
  std::string asked_;
  EventLoop loop_;
  Settings settings_{host_};
  std::unique_ptr<TlsStream> client_;
  std::unique_ptr<TlsStream> server_;
  Ended client_done_;
  Ended server_done_;
};

TEST_F(Tls, CarriesAMebibyteAndTheEnd) {
  connect();
  shake_hands();
  ASSERT_TRUE(*client_done_ && *server_done_);
  const std::string much = test::pattern(1 << 20);
  Ended written;
  loop_.start(test::write_and_end(*client_, much), written);
  const auto read = loop_.run(test::read_to_end(*server_));
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == much);
  EXPECT_GT(client_->sent(), much.size());
  ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("answer"))));  // the other direction is still open
  EXPECT_EQ(loop_.run(test::read_piece(*client_)).value(), "answer");
}

TEST_F(Tls, AnEndWithoutCloseNotifyIsALostConnection) {
  connect();
  shake_hands();
  ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("cut"))));
  ASSERT_TRUE(loop_.run(server_->tcp().shut_down_writing()));
  EXPECT_EQ(loop_.run(test::read_to_end(*client_)).error().code, Errc::connection_lost);
}

TEST_F(Tls, D3ARefusedNameIsToldToBothSides) {
  connect("other.test");
  shake_hands();
  EXPECT_EQ(server_done_->error().code, Errc::unrecognized_name);
  EXPECT_EQ(client_done_->error().code, Errc::upstream_tls);
}

TEST_F(Tls, AnOriginWithAnotherNameIsNotTrusted) {
  host_ = "other.test";  // what the server answers for; its certificate is for tls.test
  connect("other.test");
  shake_hands();
  EXPECT_EQ(client_done_->error().code, Errc::upstream_tls);
  EXPECT_FALSE(client_done_->error().context.empty());
  EXPECT_FALSE(*server_done_);
}

TEST_F(Tls, D16BytesThatCameBeforeTlsBeganAreNotLost) {
  auto pair = test::make_pair(loop_);
  client_ =
      std::make_unique<TlsStream>(std::move(pair.near), tls::make_origin_session(*settings_.client, host_).value());
  loop_.start(client_->handshake(), client_done_);
  const auto hello = loop_.run(test::read_piece(*pair.far)).value();
  server_ = std::make_unique<TlsStream>(std::move(pair.far), tls::make_server_session(*settings_.server, host_).value(),
                                        base::as_bytes(hello));
  EXPECT_TRUE(loop_.run(server_->handshake()));
  loop_.run_until([this] { return client_done_.has_value(); });
  EXPECT_TRUE(*client_done_);
}

Task<> forward_bytewise(TcpStream& from, TcpStream& to) {
  for (;;) {
    auto piece = co_await test::read_piece(from);
    if (!piece) co_return std::unexpected(std::move(piece).error());
    for (const char& c : *piece) {
      const std::string_view byte(&c, 1);
      if (auto written = co_await to.write(base::as_bytes(byte)); !written) co_return written;
    }
  }
}

TEST_F(Tls, T4OneByteSegmentsMakeNoDifference) {
  auto outer = test::make_pair(loop_);
  auto inner = test::make_pair(loop_);
  client_ =
      std::make_unique<TlsStream>(std::move(outer.near), tls::make_origin_session(*settings_.client, host_).value());
  server_ =
      std::make_unique<TlsStream>(std::move(inner.far), tls::make_server_session(*settings_.server, host_).value());
  Ended up;
  Ended down;
  loop_.start(forward_bytewise(*outer.far, *inner.near), up);
  loop_.start(forward_bytewise(*inner.near, *outer.far), down);
  shake_hands();
  ASSERT_TRUE(*client_done_ && *server_done_);
  ASSERT_TRUE(loop_.run(client_->write(base::as_bytes("byte by byte"))));
  EXPECT_EQ(loop_.run(test::read_exactly(*server_, 12)).value(), "byte by byte");
  loop_.watchdog.interrupt_all();
  loop_.run_until([&] { return up && down; });
}

TEST_F(Tls, Q1ASilentPeerEndsTheHandshakeAtTheDeadline) {
  connect();
  server_->expires_after(milliseconds(1));
  EXPECT_EQ(loop_.run(server_->handshake()).error().code, Errc::timed_out);
}

TEST_F(Tls, APeerThatLeavesDuringTheHandshakeIsALostConnection) {
  connect();
  client_.reset();
  EXPECT_EQ(loop_.run(server_->handshake()).error().code, Errc::connection_lost);
}

TEST_F(Tls, BytesThatAreNoTlsEndTheHandshake) {
  connect();
  ASSERT_TRUE(loop_.run(client_->tcp().write(base::as_bytes("GET / HTTP/1.1\r\n\r\n"))));
  EXPECT_EQ(loop_.run(server_->handshake()).error().code, Errc::upstream_tls);
}

// An upload that is given up expires the client's stream; the reply and the polite end use it afterwards.
TEST_F(Tls, ANewDeadlineRevivesIt) {
  connect();
  shake_hands();
  Text read;
  loop_.start(test::read_piece(*server_), read);
  loop_.settle();
  server_->expire_now();
  loop_.run_until([&] { return read.has_value(); });
  EXPECT_EQ(read->error().code, Errc::timed_out);
  EXPECT_EQ(loop_.run(server_->wait_readable()).error().code, Errc::timed_out);
  server_->expires_after(milliseconds(5'000));
  ASSERT_TRUE(loop_.run(client_->write(base::as_bytes("more"))));
  EXPECT_EQ(loop_.run(test::read_piece(*server_)).value(), "more");
}

TEST_F(Tls, ADeadlineFromBeforeTlsBeganDoesNotCutIt) {
  auto pair = test::make_pair(loop_);
  pair.near->expires_after(milliseconds(20));
  client_ =
      std::make_unique<TlsStream>(std::move(pair.near), tls::make_origin_session(*settings_.client, host_).value());
  server_ =
      std::make_unique<TlsStream>(std::move(pair.far), tls::make_server_session(*settings_.server, host_).value());
  shake_hands();
  ASSERT_TRUE(*client_done_ && *server_done_);
  Text read;
  loop_.start(test::read_piece(*client_), read);
  const auto later = Clock::now() + milliseconds(150);
  loop_.run_until([later] { return Clock::now() > later; });
  ASSERT_FALSE(read);
  ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("still here"))));
  loop_.run_until([&] { return read.has_value(); });
  EXPECT_EQ(read->value(), "still here");
}

TEST_F(Tls, AnInterruptionEndsReadsForGood) {
  connect();
  shake_hands();
  Text read;
  loop_.start(test::read_piece(*server_), read);
  loop_.settle();
  server_->interrupt();
  loop_.run_until([&] { return read.has_value(); });
  EXPECT_EQ(read->error().code, Errc::cancelled);
  server_->never_expires();
  EXPECT_EQ(loop_.run(server_->write(base::as_bytes("x"))).error().code, Errc::cancelled);
  EXPECT_EQ(loop_.run(server_->wait_readable()).error().code, Errc::cancelled);
}

TEST_F(Tls, WaitsForBytesWhereverTheyAre) {
  connect();
  shake_hands();
  Ended readable;
  loop_.start(server_->wait_readable(), readable);
  loop_.settle();
  ASSERT_FALSE(readable);
  const std::string two = "two";
  ASSERT_TRUE(loop_.run(client_->write(base::as_bytes(two))));
  loop_.run_until([&] { return readable.has_value(); });
  EXPECT_TRUE(*readable);
  EXPECT_EQ(loop_.run(test::read_piece(*server_, 1)).value(), "t");
  EXPECT_TRUE(loop_.run(server_->wait_readable()));  // what is left lies inside the TLS layer
  EXPECT_FALSE(server_->is_quiet());
  EXPECT_EQ(loop_.run(test::read_piece(*server_)).value(), "wo");
  EXPECT_TRUE(server_->is_quiet());
}

TEST_F(Tls, ASecondConnectionResumesTheSessionAndUsesItOnce) {
  TlsSessions sessions;
  for (const bool resumed : {false, true}) {
    connect("tls.test", &sessions);
    shake_hands();
    ASSERT_TRUE(*client_done_ && *server_done_);
    EXPECT_EQ(SSL_session_reused(&client_->ssl()) == 1, resumed);
    ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("tickets come before this"))));
    ASSERT_TRUE(loop_.run(test::read_piece(*client_)));
  }
  client_.reset();
  server_.reset();
}

// What a session was verified against is not looked at again when it is resumed.
TEST_F(Tls, SessionsOfAnotherContextAreNotUsed) {
  TlsSessions sessions;
  connect("tls.test", &sessions);
  shake_hands();
  const Settings others("tls.test");
  sessions.clear();  // the ticket comes after a reload
  ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("x"))));
  ASSERT_TRUE(loop_.run(test::read_piece(*client_)));
  auto ssl = tls::make_origin_session(*others.client, asked_).value();
  sessions.begin(*ssl, "tls.test");
  EXPECT_EQ(SSL_get_session(ssl.get()), nullptr);
  auto same = tls::make_origin_session(*settings_.client, asked_).value();
  sessions.begin(*same, "tls.test");
  EXPECT_EQ(SSL_get_session(same.get()), nullptr);  // the other one has found it of no use
  client_.reset();
}

TEST_F(Tls, SessionsOfAnotherKeyAreNotUsed) {
  TlsSessions sessions;
  connect("tls.test", &sessions);
  shake_hands();
  ASSERT_TRUE(loop_.run(server_->write(base::as_bytes("x"))));
  ASSERT_TRUE(loop_.run(test::read_piece(*client_)));
  auto ssl = tls::make_origin_session(*settings_.client, asked_).value();
  sessions.begin(*ssl, "another route");
  EXPECT_EQ(SSL_get_session(ssl.get()), nullptr);
  client_.reset();
}

}  // namespace
}  // namespace cordon::net
