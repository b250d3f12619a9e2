// WebSockets and other upgrades through a running proxy.
#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class WebSocket : public test::ProxyTest {};

constexpr std::string_view kAskWebsocket =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string switching(std::string_view accept) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(accept) + "\r\n\r\n";
}

constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // RFC 6455, section 1.3

TEST_F(WebSocket, H12AWebsocketsHandshakeIsInjectedAndItsBytesPass) {
  Wire origin = send_to_new_origin(request("GET", "/", kAskWebsocket) + "early up");
  EXPECT_TRUE(has(seen_, test::kSecret));
  EXPECT_TRUE(has(seen_, "Upgrade: websocket\r\n"));
  origin.send(switching(kAccept) + "early down");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(client_.receive(10), "early down");
  EXPECT_EQ(origin.receive(8), "early up");
  client_.send("up");
  EXPECT_EQ(origin.receive(2), "up");
  origin.send("down");
  EXPECT_EQ(client_.receive(4), "down");
  origin.close();
  EXPECT_TRUE(client_.ends());
  client_.close();
  const auto report = proxy_.sink.wait_for(1).front();
  EXPECT_EQ(report.status, 101);
  EXPECT_EQ(report.up, 10U);
  EXPECT_EQ(report.down, 14U);
}

TEST_F(WebSocket, H12AWrongWebsocketAcceptIs502) {
  for (const std::string_view accept : {"", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", "s3pplmbitxaq9kygzzhzrbk+xoo="}) {
    Wire origin = send_to_new_origin(request("GET", "/", kAskWebsocket));
    origin.send(switching(accept));
    EXPECT_EQ(receive_refusal(), "502 upstream_protocol") << accept;
    EXPECT_TRUE(origin.ends());
  }
}

TEST_F(WebSocket, H12OtherUpgradesAreStripped) {
  Wire origin = send_to_new_origin(
      request("GET", "/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"));
  EXPECT_FALSE(has(seen_, "h2c") || has(seen_, "Upgrade") || has(seen_, "HTTP2-Settings")) << seen_;
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
}

TEST_F(WebSocket, StoppingTheProxyEndsAnOpenWebsocketAtOnce) {
  Wire origin = send_to_new_origin(request("GET", "/", kAskWebsocket));
  origin.send(switching(kAccept));
  client_.receive_head();
  proxy_.server->stop(StopMode::immediate);
  proxy_.join();
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends());
}

}  // namespace
}  // namespace cordon::proxy
