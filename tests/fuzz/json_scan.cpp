// The editor of other programs' JSON and JSON5 files: places lie inside the text and in each other, and what is put is found, with every
// other entry as it was, and goes again.
#include "integrations/json_scan.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "integrations/json_edit.hpp"

namespace {

using cordon::cli::json_text::Node;

void check(bool holds) {
  if (!holds) std::abort();
}

void require_places(const Node& node, std::size_t begin, std::size_t end) {
  check(begin <= node.begin && node.begin < node.end && node.end <= end);
  std::size_t at = node.begin;
  for (const auto& member : node.members) {
    check(at <= member.begin && member.begin < member.value.begin);
    require_places(member.value, member.begin, node.end);
    at = member.value.end;
  }
  for (const Node& element : node.elements) {
    require_places(element, at, node.end);
    at = element.end;
  }
}

void require_editing(std::string_view text) {
  const cordon::cli::JsonPath path = {"env", "PROXY"};
  const cordon::cli::Json value = "http://127.0.0.1:6790";
  const auto other = cordon::cli::find_json(text, {"other"});
  const auto put = cordon::cli::put_json(text, path, value);
  if (!put) return;
  check(cordon::cli::find_json(*put, path).value() == value);
  if (other) check(cordon::cli::find_json(*put, {"other"}).value() == *other);
  check(cordon::cli::put_json(*put, path, value).value() == *put);
  const auto erased = cordon::cli::erase_json(*put, path);
  check(erased.has_value() && cordon::cli::json_text::scan(*erased).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto scanned = cordon::cli::json_text::scan(text)) require_places(*scanned, 0, text.size());
  require_editing(text);
  return 0;
}
