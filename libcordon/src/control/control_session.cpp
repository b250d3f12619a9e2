// The protocol: docs/decisions/0014-control-socket.md. A request is `POST /<operation>` with a JSON object of at most
// kMaxBody bytes; an answer is JSON too, but for the log, which is text.
#include "control/control_session.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <vector>

#include <fmt/format.h>
#include <cordon/version.hpp>

#include "control/socket_io.hpp"
#include "control/status_json.hpp"
#include "control/unix_socket.hpp"
#include "http1/parser.hpp"

namespace cordon::control {
namespace {

using std::chrono::seconds;

constexpr seconds kRequestTime{5};
constexpr seconds kAnswerTime{10};
constexpr std::size_t kMaxBody = std::size_t{64} * 1024;
constexpr std::size_t kLinesShown = 200;
/// Fewer than there may be clients, so that `stop` always finds a place.
constexpr int kMaxFollowers = 8;

/// A request as it came in.
struct Received {
  std::string operation;  ///< The target, such as `/status`.
  std::string body;
};

std::string head_of(int status, std::string_view type, std::size_t size) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", status,
                     status == 200 ? "OK" : "Refused", type, size);
}

Result<std::string> operation_of(const http1::RequestHead& head) {
  if (head.method != "POST") return fail(Errc::bad_request, "the control socket takes POST only");
  return std::string(head.target);
}

class Session {
 public:
  Session(int client, Served& served) : client_(client), served_(served) {}

  void run() {
    const auto done = converse_safely();
    if (!done && done.error().code != Errc::connection_lost) (void)answer_errors({done.error()});
  }

  // The operations. Each answers the client; an error is what is answered instead.
  Result<> status(const Request& request);
  Result<> reload(const Request& request);
  Result<> stop(const Request& request);
  Result<> forget_secret(const Request& request);
  Result<> log(const Request& request);

 private:
  Result<> converse_safely();
  Result<> converse();
  Result<Received> read_request();
  Result<> answer(int status, std::string_view type, std::string_view body);
  Result<> answer_json(std::string_view body) { return answer(200, "application/json", body); }
  Result<> answer_errors(const std::vector<Error>& errors);
  Result<> follow(RecentLog::Position position, LogFormat format);
  Result<> send_lines(RecentLog::Position& position, LogFormat format);
  Result<> wait_for_end();

  int client_;
  Served& served_;
};

struct Operation {
  std::string_view name;
  Result<> (Session::*run)(const Request& request);
};

constexpr std::array kOperations = {
    Operation{"/status", &Session::status}, Operation{"/reload", &Session::reload},
    Operation{"/stop", &Session::stop},     Operation{"/forget-secret", &Session::forget_secret},
    Operation{"/log", &Session::log},
};

struct StatusOf {
  Errc code;
  int status;
};

int status_of(Errc code) {
  constexpr std::array kStatuses = {
      StatusOf{Errc::bad_request, 400},    StatusOf{Errc::head_too_large, 431}, StatusOf{Errc::target_too_long, 414},
      StatusOf{Errc::peer_refused, 403},   StatusOf{Errc::not_found, 404},      StatusOf{Errc::timed_out, 408},
      StatusOf{Errc::wrong_instance, 421}, StatusOf{Errc::not_supported, 501},  StatusOf{Errc::internal, 500}};
  const auto found = std::ranges::find(kStatuses, code, &StatusOf::code);
  return found == kStatuses.end() ? 422 : found->status;
}

std::unexpected<Error> fail_unsupported() {
  return fail(Errc::not_supported, "this instance does not offer that");
}

/// A handler is the host program's, and may throw.
Result<> Session::converse_safely() {
  try {
    return converse();
  } catch (const std::exception&) {
    return fail(Errc::internal, "the request failed inside the instance");
  }
}

Result<> Session::converse() {
  if (auto ours = check_peer(client_); !ours) return ours;
  const auto received = read_request();
  if (!received) return std::unexpected(received.error());
  const auto request = parse_request(received->body);
  if (!request) return std::unexpected(request.error());
  const auto operation = std::ranges::find(kOperations, received->operation, &Operation::name);
  if (operation == kOperations.end()) return fail(Errc::not_found, "there is no such operation");
  if (!request->config.empty() && request->config != served_.config)
    return fail(Errc::wrong_instance, fmt::format("this instance runs {}", served_.config));
  return (this->*operation->run)(*request);
}

Result<Received> Session::read_request() {
  const auto deadline = Clock::now() + kRequestTime;
  http1::Parser parser(http1::Parser::Kind::request);
  std::array<std::byte, 4096> buffer{};
  Received request;
  for (base::ConstBytes input;;) {
    const auto event = parser.next(input);
    if (!event) return std::unexpected(event.error());
    if (*event == http1::Event::need_more) {
      const auto received = receive(client_, buffer, deadline);
      if (!received) return std::unexpected(received.error());
      if (received->empty()) return fail(Errc::connection_lost);
      input = *received;
    } else if (*event == http1::Event::head) {
      auto operation = operation_of(parser.request());
      if (!operation) return std::unexpected(operation.error());
      request.operation = *std::move(operation);
    } else if (*event == http1::Event::body) {
      request.body.append(reinterpret_cast<const char*>(parser.body().data()), parser.body().size());
      if (request.body.size() > kMaxBody) return fail(Errc::bad_request, "the request is too large");
    } else if (*event == http1::Event::end) {
      return request;
    }
  }
}

Result<> Session::answer(int status, std::string_view type, std::string_view body) {
  const auto deadline = Clock::now() + kAnswerTime;
  if (auto sent = send_all(client_, head_of(status, type, body.size()), deadline); !sent)
    return fail(Errc::connection_lost);
  if (auto sent = send_all(client_, body, deadline); !sent) return fail(Errc::connection_lost);
  return {};
}

Result<> Session::answer_errors(const std::vector<Error>& errors) {
  return answer(errors.empty() ? 500 : status_of(errors.front().code), "application/json", to_json(errors));
}

Result<> Session::status(const Request& /*request*/) {
  if (!served_.handlers.status) return fail_unsupported();
  return answer_json(to_json(InstanceStatus{.pid = static_cast<int>(::getpid()),
                                            .version = std::string(version()),
                                            .config = served_.config,
                                            .socket = served_.socket,
                                            .proxy = served_.handlers.status()}));
}

Result<> Session::reload(const Request& /*request*/) {
  if (!served_.handlers.reload) return fail_unsupported();
  const ReloadOutcome outcome = served_.handlers.reload();
  return outcome ? answer_json(to_json(*outcome)) : answer_errors(outcome.error());
}

Result<> Session::stop(const Request& request) {
  if (!served_.handlers.stop) return fail_unsupported();
  // First the answer: stopping may end this session at once. A client that does not wait for it is obeyed all the same.
  (void)answer_json("{}");
  served_.handlers.stop(request.mode);
  return wait_for_end();
}

/// Returns when the client has gone or the server ends.
Result<> Session::wait_for_end() {
  return await(client_, POLLIN, Clock::time_point::max());
}

Result<> Session::forget_secret(const Request& request) {
  if (!served_.handlers.forget_secret) return fail_unsupported();
  return answer_json(known_to_json(served_.handlers.forget_secret(request.name)));
}

Result<> Session::log(const Request& request) {
  if (served_.log == nullptr) return fail_unsupported();
  RecentLog::Position position = served_.log->last(kLinesShown);
  if (request.follow == Follow::yes) return follow(position, request.format);
  std::string lines;
  for (std::string more; !(more = served_.log->read(position, request.format)).empty();)
    lines += more;
  return answer(200, "text/plain; charset=utf-8", lines);
}

/// Counts a follower as long as it lives.
class Place {
 public:
  explicit Place(std::atomic<int>& count) : count_(count), number_(++count) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --count_; }
  int number() const { return number_; }

 private:
  std::atomic<int>& count_;
  int number_;
};

Result<> Session::follow(RecentLog::Position position, LogFormat format) {
  const Place place(served_.followers);
  if (place.number() > kMaxFollowers)
    return fail(Errc::internal, fmt::format("{} others follow the log already; end one of them", kMaxFollowers));
  RecentLog::Bell bell(*served_.log);
  if (bell.descriptor() < 0) return fail(Errc::internal, "no descriptor is to be had");
  constexpr std::string_view kHead =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
  if (auto sent = send_all(client_, kHead, Clock::now() + kAnswerTime); !sent) return fail(Errc::connection_lost);
  for (;;) {
    bell.silence();
    if (auto sent = send_lines(position, format); !sent) return sent;
    std::array<pollfd, 2> entries = {pollfd{client_, POLLIN, 0}, pollfd{bell.descriptor(), POLLIN, 0}};
    (void)::poll(entries.data(), entries.size(), -1);
    // The client has nothing more to say, so this is its end, or the server's.
    if (entries[0].revents != 0) return {};
  }
}

Result<> Session::send_lines(RecentLog::Position& position, LogFormat format) {
  for (std::string lines; !(lines = served_.log->read(position, format)).empty();)
    if (!send_all(client_, lines, Clock::now() + kAnswerTime)) return fail(Errc::connection_lost);
  return {};
}

}  // namespace

void serve_client(int client, Served& served) noexcept {
  try {
    Session(client, served).run();
  } catch (const std::exception&) {
    return;  // no memory for an answer: the client sees its connection close
  }
}

void refuse_client(int client) noexcept {
  try {
    const std::string body = to_json({Error{Errc::internal, "the control socket has too many clients just now"}});
    (void)send_all(client, head_of(503, "application/json", body.size()) + body, Clock::now());
  } catch (const std::exception&) {
    return;  // no memory for an answer: the client sees its connection close
  }
}

}  // namespace cordon::control
