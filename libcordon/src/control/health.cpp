#include <cordon/control_client.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include "base/bytes.hpp"
#include "base/unique_fd.hpp"
#include "control/socket_io.hpp"
#include "http1/parser.hpp"

namespace cordon {
namespace {

using control::Clock;
using std::chrono::milliseconds;

/// The longest that one try of wait_until_healthy may take.
constexpr milliseconds kTryDeadline{2'000};

std::string place(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// Whether the kernel has connected the socket to itself: a client whose own port is drawn from the ephemeral range may
/// meet itself when nobody listens there.
bool connected_to_itself(int descriptor) {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  sockaddr_in peer{};
  socklen_t peer_size = sizeof peer;
  return ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
         ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
         own.sin_port == peer.sin_port;
}

Result<> finish_connect(int descriptor, Clock::time_point deadline) {
  if (auto ready = control::await(descriptor, POLLOUT, deadline); !ready) return ready;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(Errc::not_running);
  return {};
}

Result<base::UniqueFd> connect_to(std::uint16_t port, Clock::time_point deadline) {
  base::UniqueFd socket = control::make_stream_socket(AF_INET);
  if (!socket) return fail(Errc::internal, "no socket is to be had");
  if (auto prepared = control::prepare_socket(socket.get()); !prepared) return std::unexpected(prepared.error());
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINPROGRESS) return fail(Errc::not_running, "nothing listens on " + place(port));
    if (auto done = finish_connect(socket.get(), deadline); !done) return std::unexpected(done.error());
  }
  if (connected_to_itself(socket.get())) return fail(Errc::not_running, "nothing listens on " + place(port));
  return socket;
}

/// Reads the answer's head.
Result<> receive_head(int descriptor, http1::Parser& parser, Clock::time_point deadline) {
  std::array<std::byte, 4096> buffer{};
  bool silent = true;
  for (;;) {
    auto input = control::receive(descriptor, buffer, deadline);
    if (!input) return std::unexpected(input.error());
    if (input->empty()) return fail(silent ? Errc::connection_lost : Errc::upstream_protocol);
    silent = false;
    auto event = parser.next(*input);
    if (!event) return fail(Errc::upstream_protocol);
    if (*event == http1::Event::head) return {};
  }
}

/// Whether it can be the name of an instance. Who answers may be anybody, and the name is shown.
bool is_instance_name(std::string_view text) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  constexpr std::size_t kLongest = 64;
  return text.size() <= kLongest && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<Health> ask(std::uint16_t port, Clock::time_point deadline) {
  auto socket = connect_to(port, deadline);
  if (!socket) return std::unexpected(socket.error());
  const std::string request = "GET /health HTTP/1.1\r\nHost: " + place(port) + "\r\nConnection: close\r\n\r\n";
  if (auto sent = control::send_all(socket->get(), request, deadline); !sent) return std::unexpected(sent.error());

  http1::Parser parser(http1::Parser::Kind::response);
  parser.expect_answer_to("GET");
  if (auto head = receive_head(socket->get(), parser, deadline); !head) return std::unexpected(head.error());
  const http1::ResponseHead& head = parser.response();
  if (head.status == 403 && head.reason == name(Errc::peer_refused)) return fail(Errc::peer_refused);
  if (head.status != 200) return fail(Errc::upstream_protocol);
  const auto field = std::ranges::find_if(
      head.fields, [](const http1::Field& f) { return http1::equals_ignoring_case(f.name, "Cordon-Instance"); });
  if (field == head.fields.end() || !is_instance_name(field->value)) return Health{};
  return Health{std::string(field->value)};
}

/// The error of a try, with the place and what is known in words.
Error explain(Error error, std::uint16_t port) {
  if (!error.context.empty()) return error;
  switch (error.code) {
    case Errc::not_running:
      error.context = "nothing listens on " + place(port);
      break;
    case Errc::timed_out:
      error.context = place(port) + " accepts connections and does not answer";
      break;
    case Errc::connection_lost:
      error.context = place(port) + " closes connections without an answer";
      break;
    case Errc::peer_refused:
      error.context = "the Cordon on " + place(port) + " is another user's, and its `allow_uids` does not list yours";
      break;
    case Errc::upstream_protocol:
      error.context = "what answers on " + place(port) + " is not Cordon";
      break;
    default:
      break;
  }
  return error;
}

/// Whether a later try may succeed.
bool may_change(Errc code) {
  return code == Errc::not_running || code == Errc::timed_out || code == Errc::connection_lost;
}

Result<> check_instance(const Health& health, const WaitOptions& options) {
  if (health.instance == options.instance) return {};
  if (health.instance.empty())
    return fail(Errc::upstream_protocol, "what answers on " + place(options.port) + " is not Cordon");
  return fail(Errc::wrong_instance, "another instance, " + health.instance + ", answers on " + place(options.port));
}

}  // namespace

Result<Health> probe_health(std::uint16_t port, milliseconds deadline) {
  auto health = ask(port, Clock::now() + deadline);
  if (!health) return std::unexpected(explain(std::move(health.error()), port));
  return health;
}

Result<> wait_until_healthy(const WaitOptions& options) {
  const Clock::time_point end = Clock::now() + options.timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    // A try is never so short that a healthy instance could not answer it.
    auto health = probe_health(options.port, std::clamp(left, milliseconds{100}, kTryDeadline));
    if (health) return check_instance(*health, options);
    if (!may_change(health.error().code)) return std::unexpected(health.error());
    if (options.interrupted && options.interrupted()) return fail(Errc::cancelled);
    if (Clock::now() + options.interval >= end) return fail(Errc::timed_out, health.error().context);
    std::this_thread::sleep_for(options.interval);
  }
}

}  // namespace cordon
