// What goes over the control socket, from any text: no crash; what is read is composed to a text that reads as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/status_json.hpp"

namespace {

namespace control = cordon::control;

void check(bool holds) {
  if (!holds) std::abort();
}

/// `parse` takes what to_json makes of what it took.
template <class Parse>
void check_same(std::string_view text, Parse parse) {
  using control::to_json;
  using cordon::to_json;
  const auto parsed = parse(text);
  if (!parsed) return;
  const std::string composed = to_json(*parsed);
  const auto again = parse(composed);
  check(again && to_json(*again) == composed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_same(text, control::parse_request);
  check_same(text, control::parse_status);
  check_same(text, control::parse_report);
  const auto errors = control::parse_errors(text);
  if (errors)
    check(!errors->empty() && control::parse_errors(control::to_json(*errors)).value().size() == errors->size());
  const auto known = control::parse_known(text);
  if (known) check(control::parse_known(control::known_to_json(*known)).value() == *known);
  return 0;
}
