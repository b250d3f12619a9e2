// T9: with a client that can renegotiate, which BoringSSL's own cannot.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"
#include "tls/context.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::tls {
namespace {

base::UniqueFd listen_on_loopback(std::uint16_t& port) {
  base::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener.get(), generic, size), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), generic, &size), 0);
  port = ntohs(address.sin_port);
  return listener;
}

TEST(ServerSession, RefusesRenegotiation) {
  std::uint16_t port = 0;
  const base::UniqueFd listener = listen_on_loopback(port);
  const std::string command =
      "openssl s_client -tls1_2 -connect 127.0.0.1:" + std::to_string(port) + " >/dev/null 2>&1";
  std::FILE* const client = ::popen(command.c_str(), "w");
  ASSERT_NE(client, nullptr);
  std::fputs("R\n", client);  // a line with R alone makes it renegotiate
  std::fflush(client);
  const base::UniqueFd connection(::accept(listener.get(), nullptr, nullptr));
  ASSERT_TRUE(connection);

  const std::string host = "a.example";
  const auto context = make_server_context(*test::make_test_identity({.names = "DNS:a.example"}));
  const auto server = make_server_session(**context, host);
  SSL_set_fd(server->get(), connection.get());
  EXPECT_EQ(SSL_do_handshake(server->get()), 1) << explain_failure(**server);
  char byte = 0;
  const int outcome = SSL_read(server->get(), &byte, 1);
  EXPECT_EQ(SSL_get_error(server->get(), outcome), SSL_ERROR_SSL);
  EXPECT_NE(explain_failure(**server).find("NO_RENEGOTIATION"), std::string::npos);
  ::shutdown(connection.get(), SHUT_RDWR);
  ::pclose(client);
}

}  // namespace
}  // namespace cordon::tls
