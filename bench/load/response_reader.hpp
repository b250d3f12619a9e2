// Reads HTTP/1.1 answers of a server that is trusted to be well-formed; the body is counted and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace load {

class ResponseReader {
 public:
  /// Makes ready for the next answer; `to_connect`: an answer to CONNECT, whose 200 has no body.
  void start(bool to_connect, bool to_head);

  /// Takes bytes. @returns how many belong to this answer; fewer than given means that it ended
  std::size_t feed(std::string_view data);

  /// The stream ended. @returns whether that ends the answer well (a body that lasts until the close)
  bool finish_at_close();

  bool is_done() const noexcept { return part_ == Part::done; }
  bool is_malformed() const noexcept { return malformed_; }
  bool has_begun() const noexcept { return begun_; }
  bool closes() const noexcept { return closes_; }  ///< The server will close, or must be closed, after this answer.
  int status() const noexcept { return status_; }
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }

 private:
  enum class Part : std::uint8_t { head, sized_body, chunk_size, chunk_data, chunk_end, trailer, body_to_close, done };

  std::size_t feed_line(std::string_view data);
  std::size_t feed_counted(std::string_view data);
  void end_line(std::string_view line);
  void end_head();
  void read_field(std::string_view line);

  Part part_ = Part::head;
  std::string line_;
  bool to_connect_ = false, to_head_ = false;
  bool begun_ = false, first_line_ = true, chunked_ = false, closes_ = false, malformed_ = false;
  std::optional<std::uint64_t> length_;
  std::uint64_t left_ = 0;
  std::uint64_t body_bytes_ = 0;
  int status_ = 0;
};

}  // namespace load
