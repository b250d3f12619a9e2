#include <cordon/control_client.hpp>

#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/unique_fd.hpp"
#include "control/socket_io.hpp"
#include "control/status_json.hpp"
#include "control/unix_socket.hpp"
#include "http1/parser.hpp"

namespace cordon {
namespace {

using control::Clock;
using std::chrono::milliseconds;

/// Thousands of routes fit.
constexpr std::size_t kMaxAnswer = std::size_t{16} * 1024 * 1024;

/// A connection with a request sent.
class Conversation {
 public:
  static Result<Conversation> begin(const std::filesystem::path& path, std::string_view operation,
                                    const control::Request& asked, Clock::time_point deadline) {
    auto socket = control::connect_to(path);
    if (!socket) return std::unexpected(socket.error());
    const std::string body = control::to_json(asked);
    const std::string request = fmt::format(
        "POST /{} HTTP/1.1\r\nHost: cordon\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        operation, body.size(), body);
    // An instance that has heard enough may answer and close before it has read everything.
    auto sent = control::send_all(socket->get(), request, deadline);
    if (!sent && sent.error().code != Errc::connection_lost) return std::unexpected(sent.error());
    return Conversation(*std::move(socket));
  }

  /// The answer's status.
  Result<int> head(Clock::time_point deadline) {
    for (;;) {
      auto event = next(deadline);
      if (!event) return std::unexpected(event.error());
      if (*event == http1::Event::head) return parser_.response().status;
    }
  }

  /// The next piece of the body; empty at its end.
  Result<std::string_view> piece(Clock::time_point deadline) {
    for (;;) {
      auto event = next(deadline);
      if (!event) return std::unexpected(event.error());
      if (*event == http1::Event::end) return std::string_view();
      if (*event == http1::Event::body && !parser_.body().empty())
        return std::string_view(reinterpret_cast<const char*>(parser_.body().data()), parser_.body().size());
    }
  }

  Result<std::string> body(Clock::time_point deadline) {
    std::string text;
    for (;;) {
      auto more = piece(deadline);
      if (!more) return std::unexpected(more.error());
      if (more->empty()) return text;
      text += *more;
      if (text.size() > kMaxAnswer) return fail(Errc::upstream_protocol, "the answer is too large");
    }
  }

  /// Returns when the instance closes the connection.
  Result<> wait_for_close(Clock::time_point deadline) {
    for (;;) {
      auto received = control::receive(socket_.get(), buffer_, deadline);
      if (!received && received.error().code == Errc::timed_out) return std::unexpected(received.error());
      if (!received || received->empty()) return {};
    }
  }

 private:
  explicit Conversation(base::UniqueFd socket) : socket_(std::move(socket)), buffer_(16'384) {
    parser_.expect_answer_to("POST");
  }

  Result<http1::Event> next(Clock::time_point deadline) {
    auto event = parser_.next(input_);
    if (!event) return fail(Errc::upstream_protocol, "what answers at the control socket is not Cordon");
    if (*event != http1::Event::need_more) return event;
    const auto received = control::receive(socket_.get(), buffer_, deadline);
    if (!received) return std::unexpected(received.error());
    input_ = *received;
    return input_.empty() ? at_close() : event;
  }

  Result<http1::Event> at_close() {
    auto event = parser_.finish();
    if (event && *event == http1::Event::end) return event;
    return fail(Errc::connection_lost, "the instance closed the connection without an answer");
  }

  base::UniqueFd socket_;
  std::vector<std::byte> buffer_;
  base::ConstBytes input_;
  http1::Parser parser_{http1::Parser::Kind::response};
};

/// Who says that it has failed.
enum class Teller : std::uint8_t { client, instance };

struct Failure {
  std::vector<Error> errors;  ///< At least one.
  Teller teller = Teller::client;
};

/// A conversation whose answer has begun with 200.
using Opened = std::expected<Conversation, Failure>;

Opened ask(const std::filesystem::path& path, std::string_view operation, const control::Request& asked,
           Clock::time_point deadline) {
  const auto failed = [](Error error) { return std::unexpected(Failure{{std::move(error)}, Teller::client}); };
  auto conversation = Conversation::begin(path, operation, asked, deadline);
  if (!conversation) return failed(conversation.error());
  const auto status = conversation->head(deadline);
  if (!status) return failed(status.error());
  if (*status == 200) return *std::move(conversation);
  const auto body = conversation->body(deadline);
  if (!body) return failed(body.error());
  auto errors = control::parse_errors(*body);
  if (!errors) return failed(errors.error());
  return std::unexpected(Failure{*std::move(errors), Teller::instance});
}

/// Whether the instance that was looked for may be at the next place: nobody is at this one, or another instance.
bool look_further(Errc code) {
  return code == Errc::not_running || code == Errc::wrong_instance;
}

/// Asks at each place until one answers for the instance of `config`.
Opened ask_first(const std::vector<std::filesystem::path>& places, const std::filesystem::path& config,
                 std::string_view operation, control::Request asked, Clock::time_point deadline) {
  if (!config.empty()) asked.config = control::json_path(config);
  Error error = {Errc::not_running, "no running instance answers"};
  for (const std::filesystem::path& place : places) {
    auto opened = ask(place, operation, asked, deadline);
    if (opened) return opened;
    const Failure& failure = opened.error();
    const Errc code = failure.errors.front().code;
    // A place that is not safe may hide nothing; what is said of it is said when no other place answers. An instance says the same of
    // files of its own.
    const bool is_unsafe = code == Errc::file_unsafe && failure.teller == Teller::client;
    if (is_unsafe) error = failure.errors.front();
    if (!is_unsafe && !look_further(code)) return opened;
  }
  return std::unexpected(Failure{{error}, Teller::client});
}

/// The error of an operation that has only one.
std::unexpected<Error> single(const Opened& opened) {
  return std::unexpected(opened.error().errors.front());
}

}  // namespace

ControlClient::ControlClient(const Instance& instance) : sockets_(instance.control_sockets), config_(instance.config) {
}

ControlClient::ControlClient(std::filesystem::path socket) : sockets_{std::move(socket)} {
}

Result<InstanceStatus> ControlClient::status(milliseconds deadline) const {
  const auto end = Clock::now() + deadline;
  auto opened = ask_first(sockets_, config_, "status", {}, end);
  if (!opened) return single(opened);
  const auto body = opened->body(end);
  return body ? control::parse_status(*body) : std::unexpected(body.error());
}

Result<ReloadOutcome> ControlClient::reload(milliseconds deadline) const {
  const auto end = Clock::now() + deadline;
  auto opened = ask_first(sockets_, config_, "reload", {}, end);
  if (!opened && opened.error().teller == Teller::client) return single(opened);
  if (!opened) return ReloadOutcome(std::unexpected(std::move(opened.error().errors)));
  const auto body = opened->body(end);
  if (!body) return std::unexpected(body.error());
  auto report = control::parse_report(*body);
  if (!report) return std::unexpected(report.error());
  return ReloadOutcome(*std::move(report));
}

Result<> ControlClient::stop(StopMode mode, milliseconds deadline) const {
  const auto end = Clock::now() + deadline;
  auto opened = ask_first(sockets_, config_, "stop", {.mode = mode}, end);
  if (!opened) return single(opened);
  if (const auto body = opened->body(end); !body) return std::unexpected(body.error());
  return opened->wait_for_close(end);
}

Result<bool> ControlClient::forget_secret(std::string_view name, milliseconds deadline) const {
  const auto end = Clock::now() + deadline;
  auto opened = ask_first(sockets_, config_, "forget-secret", {.name = std::string(name)}, end);
  if (!opened) return single(opened);
  const auto body = opened->body(end);
  if (!body) return std::unexpected(body.error());
  return control::parse_known(*body);
}

Result<> ControlClient::read_log(LogFormat format, Follow follow, const LogReader& reader,
                                 milliseconds deadline) const {
  const auto end = Clock::now() + deadline;
  auto opened = ask_first(sockets_, config_, "log", {.format = format, .follow = follow}, end);
  if (!opened) return single(opened);
  const auto piece_deadline = follow == Follow::yes ? Clock::time_point::max() : end;
  for (;;) {
    const auto piece = opened->piece(piece_deadline);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty() || !reader(*piece)) return {};
  }
}

}  // namespace cordon
