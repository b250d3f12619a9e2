#include "response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace load {
namespace {

/// ASCII letters without regard to case.
bool starts_with(std::string_view text, std::string_view lower_case_prefix) {
  if (text.size() < lower_case_prefix.size()) {
    return false;
  }
  const auto same = [](char left, char right) { return (left >= 'A' && left <= 'Z' ? left + 32 : left) == right; };
  return std::equal(lower_case_prefix.begin(), lower_case_prefix.end(), text.begin(),
                    [&](char wanted, char found) { return same(found, wanted); });
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number, int base) {
  return std::from_chars(text.data(), text.data() + text.size(), number, base).ec == std::errc();
}

}  // namespace

void ResponseReader::start(bool to_connect, bool to_head) {
  *this = ResponseReader();
  to_connect_ = to_connect;
  to_head_ = to_head;
}

std::size_t ResponseReader::feed(std::string_view data) {
  std::size_t taken = 0;
  begun_ = begun_ || !data.empty();
  while (taken < data.size() && !is_done() && !malformed_) {
    const auto rest = data.substr(taken);
    const bool counted = part_ == Part::sized_body || part_ == Part::chunk_data || part_ == Part::body_to_close;
    taken += counted ? feed_counted(rest) : feed_line(rest);
  }
  return taken;
}

bool ResponseReader::finish_at_close() {
  if (part_ == Part::body_to_close) {
    part_ = Part::done;
  }
  return is_done();
}

std::size_t ResponseReader::feed_line(std::string_view data) {
  const auto end = data.find('\n');
  if (end == std::string_view::npos) {
    line_ += data;
    return data.size();
  }
  line_ += data.substr(0, end);
  if (line_.ends_with('\r')) {
    line_.pop_back();
  }
  const std::string line = std::exchange(line_, {});
  end_line(line);
  return end + 1;
}

void ResponseReader::end_line(std::string_view line) {
  switch (part_) {
    case Part::head:
      if (line.empty()) {
        end_head();
      } else {
        read_field(line);
      }
      break;
    case Part::chunk_size:
      malformed_ = !parse_number(line, left_, 16);
      part_ = left_ == 0 ? Part::trailer : Part::chunk_data;
      break;
    case Part::chunk_end:
      part_ = Part::chunk_size;
      break;
    default:  // trailer
      part_ = line.empty() ? Part::done : Part::trailer;
  }
}

void ResponseReader::read_field(std::string_view line) {
  if (std::exchange(first_line_, false)) {
    malformed_ = !line.starts_with("HTTP/1.") || line.size() < 12 || !parse_number(line.substr(9, 3), status_, 10);
    closes_ = line.starts_with("HTTP/1.0");
  } else if (starts_with(line, "content-length:")) {
    malformed_ = !parse_number(value_of(line), length_.emplace(), 10);
  } else if (starts_with(line, "transfer-encoding:")) {
    chunked_ = true;
  } else if (starts_with(line, "connection:")) {
    closes_ = closes_ || starts_with(value_of(line), "close");
  }
}

void ResponseReader::end_head() {
  if (status_ >= 100 && status_ < 200) {  // an interim answer: the final one follows
    first_line_ = true;
    return;
  }
  if (to_head_ || status_ == 204 || status_ == 304 || (to_connect_ && status_ == 200) || length_ == 0) {
    part_ = Part::done;
  } else if (chunked_) {
    part_ = Part::chunk_size;
  } else if (length_) {
    part_ = Part::sized_body;
    left_ = *length_;
  } else {
    part_ = Part::body_to_close;
    closes_ = true;
  }
}

std::size_t ResponseReader::feed_counted(std::string_view data) {
  const auto taken = part_ == Part::body_to_close ? data.size() : std::min<std::uint64_t>(left_, data.size());
  body_bytes_ += taken;
  if (part_ == Part::body_to_close) {
    return data.size();
  }
  left_ -= taken;
  if (left_ == 0) {
    part_ = part_ == Part::sized_body ? Part::done : Part::chunk_end;
  }
  return static_cast<std::size_t>(taken);
}

}  // namespace load
