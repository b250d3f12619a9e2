#include "connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

namespace load {
namespace {

const std::string kFiller(65'536, 'x');

}  // namespace

void Connection::close() noexcept {
  tls_.reset();
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  descriptor_ = -1;
}

Wanted Connection::open() {
  close();
  reused_ = false;
  reopen_ = false;
  request_start_ = Clock::now();
  const auto& address = plan_.address;
  descriptor_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) {
    fail("socket");
    return Wanted::restart_later;
  }
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  step_ = Step::connecting;
  if (::connect(descriptor_, address.ai_addr, address.ai_addrlen) != 0 && errno != EINPROGRESS) {
    fail("connect");
    return after_failure();
  }
  return Wanted::writable;
}

Wanted Connection::advance() {
  for (;;) {
    switch (step()) {
      case Outcome::done:
        if (reopen_) {
          return open();
        }
        break;
      case Outcome::want_read:
        return Wanted::readable;
      case Outcome::want_write:
        return Wanted::writable;
      case Outcome::failed:
        return after_failure();
    }
  }
}

Wanted Connection::after_failure() {
  const bool at_once = reopen_;
  close();
  return at_once ? open() : Wanted::restart_later;
}

Connection::Outcome Connection::step() {
  switch (step_) {
    case Step::connecting:
      return finish_connecting();
    case Step::asking:
      return send_head(plan_.connect_head);
    case Step::shaking_hands:
      return shake_hands();
    case Step::sending:
      return send_request();
    case Step::reading_tunnel_answer:
    case Step::receiving:
      break;
  }
  return receive();
}

Connection::Outcome Connection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return fail(error == ECONNREFUSED ? "connection refused" : "connect");
  }
  if (!plan_.connect_head.empty()) {
    begin_tunnel();
  } else {
    begin_tls();
  }
  return Outcome::done;
}

void Connection::begin_tunnel() {
  step_ = Step::asking;
  sent_ = 0;
  reader_.start(true, false);
}

void Connection::begin_tls() {
  if (plan_.tls == nullptr) {
    begin_request();
    return;
  }
  tls_.reset(SSL_new(plan_.tls));
  SSL_set_fd(tls_.get(), descriptor_);
  SSL_set_tlsext_host_name(tls_.get(), plan_.options.url.host.c_str());
  if (!plan_.options.ca_file.empty()) {
    SSL_set1_host(tls_.get(), plan_.options.url.host.c_str());
  }
  if (plan_.options.resume && plan_.session) {
    SSL_set_session(tls_.get(), plan_.session.get());
  }
  step_ = Step::shaking_hands;
}

Connection::Outcome Connection::shake_hands() {
  const int result = SSL_connect(tls_.get());
  if (result == 1) {
    ++tally_.handshakes;
    tally_.resumed += SSL_session_reused(tls_.get()) != 0 ? 1U : 0U;
    begin_request();
    return Outcome::done;
  }
  const auto outcome = blocked(result, Outcome::failed);
  if (outcome == Outcome::failed) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return fail(std::string("TLS handshake: ") + text.data());
  }
  return outcome;
}

void Connection::begin_request() {
  step_ = Step::sending;
  sent_ = 0;
  ++tally_.started;
  reader_.start(false, plan_.options.method == "HEAD");
  if (!plan_.options.new_connections) {
    request_start_ = Clock::now();
  }
}

Connection::Outcome Connection::send_head(std::string_view head) {
  while (sent_ < head.size()) {
    const auto result = write_some(head.substr(sent_));
    if (result <= 0) {
      const auto outcome = blocked(result, Outcome::failed);
      return outcome == Outcome::failed ? fail("write") : outcome;
    }
    sent_ += static_cast<std::size_t>(result);
  }
  if (step_ == Step::asking) {
    step_ = Step::reading_tunnel_answer;
  }
  return Outcome::done;
}

Connection::Outcome Connection::send_request() {
  const auto& head = plan_.request_head;
  if (sent_ < head.size()) {
    if (const auto outcome = send_head(head); outcome != Outcome::done) {
      return outcome;
    }
  }
  const auto whole = head.size() + plan_.options.body_size;
  while (sent_ < whole) {
    const auto result = write_some(std::string_view(kFiller).substr(0, std::min(kFiller.size(), whole - sent_)));
    if (result <= 0) {
      const auto outcome = blocked(result, Outcome::failed);
      return outcome == Outcome::failed ? fail("write of a body") : outcome;
    }
    sent_ += static_cast<std::size_t>(result);
  }
  step_ = Step::receiving;
  return Outcome::done;
}

Connection::Outcome Connection::receive() {
  std::array<char, 65'536> buffer;  // NOLINT: not worth the time to zero it
  const auto result = read_some(buffer.data(), buffer.size());
  if (result > 0) {
    return take({buffer.data(), static_cast<std::size_t>(result)});
  }
  const auto outcome = blocked(result, Outcome::failed);
  if (outcome != Outcome::failed) {
    return outcome;
  }
  if (reader_.finish_at_close()) {
    return end_response();
  }
  if (reused_ && !reader_.has_begun()) {  // closed while idle: the request is made again
    ++tally_.reconnects;
    --tally_.started;
    reopen_ = true;
    return Outcome::failed;
  }
  return fail(step_ == Step::receiving ? "closed before the answer's end" : "closed before the tunnel's answer");
}

Connection::Outcome Connection::take(std::string_view data) {
  const auto taken = reader_.feed(data);
  if (reader_.is_malformed()) {
    return fail("malformed answer");
  }
  if (!reader_.is_done()) {
    return Outcome::done;
  }
  if (taken < data.size()) {
    return fail("bytes after the answer");
  }
  if (step_ == Step::receiving) {
    return end_response();
  }
  if (reader_.status() != 200) {
    return fail("CONNECT answered " + std::to_string(reader_.status()));
  }
  begin_tls();
  return Outcome::done;
}

Connection::Outcome Connection::end_response() {
  if (request_start_ >= plan_.counted_from) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - request_start_);
    tally_.latency.add(static_cast<std::uint64_t>(took.count()));
    tally_.body_bytes += reader_.body_bytes();
    if (reader_.status() == 200) {
      ++tally_.succeeded;
    } else {
      ++tally_.not_200;
      ++tally_.kinds["status " + std::to_string(reader_.status())];
    }
  }
  reused_ = true;
  reopen_ = plan_.options.new_connections || reader_.closes();
  if (!reopen_) {
    begin_request();
  }
  return Outcome::done;
}

Connection::Outcome Connection::fail(std::string_view kind) {
  ++tally_.errors;
  ++tally_.kinds[std::string(kind)];
  return Outcome::failed;
}

std::ptrdiff_t Connection::write_some(std::string_view data) {
  if (tls_) {
    return SSL_write(tls_.get(), data.data(), static_cast<int>(data.size()));
  }
  return ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
}

std::ptrdiff_t Connection::read_some(char* data, std::size_t size) {
  if (tls_) {
    return SSL_read(tls_.get(), data, static_cast<int>(size));
  }
  return ::recv(descriptor_, data, size, 0);
}

Connection::Outcome Connection::blocked(std::ptrdiff_t result, Outcome otherwise) const {
  if (!tls_) {
    const bool again = result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (!again) {
      return otherwise;
    }
    return step_ == Step::asking || step_ == Step::sending ? Outcome::want_write : Outcome::want_read;
  }
  switch (SSL_get_error(tls_.get(), static_cast<int>(result))) {
    case SSL_ERROR_WANT_READ:
      return Outcome::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::want_write;
    default:
      return otherwise;
  }
}

}  // namespace load
