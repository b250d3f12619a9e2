// A request body's way from the client to the origin.
#pragma once

#include <optional>
#include <string>

#include "base/wiped_buffer.hpp"
#include "http1/header_edit.hpp"
#include "net/event.hpp"
#include "proxy/client.hpp"

namespace cordon::proxy {

/// Lives in an exchange, which awaits stop() before it ends. What is here already goes with the head; the rest runs
/// beside the response.
class Upload {
 public:
  /// `route` is where the request goes, null for none.
  Upload(Client& client, const Route* route);

  /// Appends to `head` what has arrived of the body, up to a record's size. Errors: bad_request.
  Result<> gather(base::WipedBuffer& head);

  /// Begins to copy the rest to `origin`, which must outlive stop(). Nothing to do when it is complete.
  void start(net::Stream& origin);

  /// Ends what runs and waits for it. The client's stream may be used by others afterwards.
  net::Infallible<> stop();

  /// Whether all of the body is on its way.
  bool complete() const noexcept { return state_ == State::complete; }

  /// Whether all of the body went with the head, which can then be sent once more.
  bool is_in_head() const noexcept { return complete() && origin_ == nullptr; }

  /// What the client did wrong, when the upload ended for that: its framing, or its connection. The origin's stream has
  /// been interrupted then.
  const std::optional<Error>& client_fault() const noexcept { return client_fault_; }

  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  enum class State : unsigned char { waiting, running, complete, failed };

  bool chunked() const noexcept { return client_.request().framing.kind == http1::Framing::Kind::chunked; }
  void frame_chunk(base::ConstBytes body);
  void frame_end();
  net::Task<> copy_rest();
  net::Task<> forward_event(http1::Event event);
  net::Task<> flush();

  Client& client_;
  http1::HeaderEdits removals_;  ///< Fields that may not come as trailers either.
  net::Stream* origin_ = nullptr;
  std::string chunks_;  ///< On their way to the origin.
  std::uint64_t bytes_ = 0;
  State state_ = State::waiting;
  bool stopping_ = false;
  std::optional<Error> client_fault_;
  net::Event ended_;
};

}  // namespace cordon::proxy
