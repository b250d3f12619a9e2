#include <cordon/control_server.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/signals_blocked.hpp"
#include "base/unique_fd.hpp"
#include "control/control_session.hpp"
#include "control/socket_io.hpp"
#include "control/status_json.hpp"
#include "control/unix_socket.hpp"

namespace cordon {
namespace {

using control::ListeningSocket;

constexpr std::size_t kMaxClients = 16;
/// How long accepting pauses when the process has no descriptors left.
constexpr std::chrono::milliseconds kPause{100};

Result<ListeningSocket> open_first(const std::vector<std::filesystem::path>& places) {
  std::unexpected<Error> last = fail(Errc::not_supported, "there is no place for a control socket");
  for (const std::filesystem::path& place : places) {
    auto opened = ListeningSocket::open(place);
    if (opened) return opened;
    last = std::unexpected(opened.error());
  }
  return last;
}

/// A client and the thread that serves it.
struct Client {
  base::UniqueFd socket;
  std::atomic<bool> done = false;
  std::thread thread;
};

}  // namespace

struct ControlServer::Impl {
  explicit Impl(ListeningSocket opened) : listening(std::move(opened)) {}
  ~Impl() {
    stop_write_end.reset();
    if (accepting.joinable()) accepting.join();
    listening.reset();  // the name goes before the client that waits for our end is told of it
    for (Client& client : clients)
      ::shutdown(client.socket.get(), SHUT_RDWR);
    for (Client& client : clients)
      client.thread.join();
  }

  Result<> start() noexcept;
  void accept_clients() noexcept;
  void take_client();
  void serve(base::UniqueFd socket);
  void drop_those_that_are_done();

  std::optional<ListeningSocket> listening;  ///< There until the end begins.
  control::Served served;
  base::UniqueFd stop_read_end;  ///< Readable once the other end is closed.
  base::UniqueFd stop_write_end;
  std::list<Client> clients;  ///< Of the accepting thread, as long as it runs.
  std::thread accepting;
};

Result<> ControlServer::Impl::start() noexcept {
  control::Pipe stop = control::make_pipe();
  if (!stop.read_end) return fail(Errc::internal, "no descriptor is to be had");
  stop_read_end = std::move(stop.read_end);
  stop_write_end = std::move(stop.write_end);
  try {
    const base::SignalsBlocked blocked;
    accepting = std::thread([this] { accept_clients(); });
  } catch (const std::system_error&) {
    return fail(Errc::internal, "no thread is to be had");
  }
  return {};
}

void ControlServer::Impl::accept_clients() noexcept {
  for (;;) {
    std::array<pollfd, 2> entries = {pollfd{stop_read_end.get(), POLLIN, 0},
                                     pollfd{listening->descriptor(), POLLIN, 0}};
    (void)::poll(entries.data(), entries.size(), -1);
    if (entries[0].revents != 0) return;
    if (entries[1].revents == 0) continue;
    try {
      take_client();
    } catch (const std::exception&) {
      continue;  // no memory or no thread for it: its connection is closed
    }
  }
}

void ControlServer::Impl::take_client() {
  base::UniqueFd socket = control::accept_connection(listening->descriptor());
  if (!socket) {
    // The others (no descriptor, no memory, ...) come again at once as long as a client waits.
    const bool passed = errno == EINTR || errno == ECONNABORTED || errno == EAGAIN || errno == EWOULDBLOCK;
    if (!passed) std::this_thread::sleep_for(kPause);
    return;
  }
  if (!control::prepare_socket(socket.get())) return;
  drop_those_that_are_done();
  if (clients.size() < kMaxClients)
    serve(std::move(socket));
  else
    control::refuse_client(socket.get());
}

void ControlServer::Impl::serve(base::UniqueFd socket) {
  Client& client = clients.emplace_back();
  client.socket = std::move(socket);
  try {
    client.thread = std::thread([this, &client] {
      control::serve_client(client.socket.get(), served);
      // The client sees the end now, whenever the thread is joined.
      ::shutdown(client.socket.get(), SHUT_RDWR);
      client.done = true;
    });
  } catch (const std::system_error&) {
    clients.pop_back();
    throw;
  }
}

void ControlServer::Impl::drop_those_that_are_done() {
  std::erase_if(clients, [](Client& client) {
    const bool done = client.done;
    if (done) client.thread.join();
    return done;
  });
}

Result<ControlServer> ControlServer::start(ControlServerOptions options) {
  auto opened = open_first(options.sockets);
  if (!opened) return std::unexpected(opened.error());
  auto impl = std::make_unique<Impl>(*std::move(opened));
  impl->served.config = control::json_path(options.config);
  impl->served.socket = control::json_path(impl->listening->path());
  impl->served.handlers = std::move(options.handlers);
  impl->served.log = options.log == nullptr ? nullptr : options.log->recent_.get();
  if (auto started = impl->start(); !started) return std::unexpected(started.error());
  return ControlServer(std::move(impl));
}

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
ControlServer::ControlServer(ControlServer&&) noexcept = default;
ControlServer& ControlServer::operator=(ControlServer&&) noexcept = default;
ControlServer::~ControlServer() = default;

const std::filesystem::path& ControlServer::socket() const noexcept {
  return impl_->listening->path();
}

}  // namespace cordon
