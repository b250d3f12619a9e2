// take_json_string against a general parser: what it takes is what the other reads, and it takes all that it should.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "secrets/json_value.hpp"

namespace {

using cordon::secrets::JsonFault;
using cordon::secrets::take_json_string;
using nlohmann::json;

void check(bool holds) {
  if (!holds) std::abort();
}

json parse(std::string_view text) {
  return json::parse(text, nullptr, false);
}

/// Whether the two may differ: bytes that may be no UTF-8, which only the other looks at, and numbers beyond a double's
/// range.
bool is_beyond(std::string_view text) {
  const bool has_number = text.find_first_of("eE") != std::string_view::npos || text.size() > 300;
  return has_number || std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

int depth_of(const json& value) {
  int deepest = 0;
  if (!value.is_structured()) return 0;
  for (const json& element : value)
    deepest = std::max(deepest, depth_of(element));
  return deepest + 1;
}

/// What must come of a text that the other parser has read, written anew (so without doubled members).
void check_rewritten(const json& value) {
  if (depth_of(value) > 30) return;
  const auto taken = take_json_string(value.dump(1), "value");
  if (!value.is_object()) return check(taken.error() == (value.is_array() ? JsonFault::array : JsonFault::no_object));
  if (!value.contains("value")) return check(taken.error() == JsonFault::no_member);
  if (!value["value"].is_string()) return check(taken.error() == JsonFault::not_a_string);
  check(taken.has_value() && taken->reveal() == value["value"].get_ref<const std::string&>());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto taken = take_json_string(text, "value");
  if (std::ranges::count(text, '[') + std::ranges::count(text, '{') > 2000) return 0;  // the other has no bound
  const json other = parse(text);
  if (taken && !other.is_discarded()) {
    check(other.is_object() && other.contains("value") && other["value"].is_string());
    check(other["value"].get_ref<const std::string&>() == taken->reveal());
  }
  if (other.is_discarded()) {
    check(is_beyond(text) || (!taken && taken.error() == JsonFault::malformed));
  } else {
    check_rewritten(other);
  }
  return 0;
}
