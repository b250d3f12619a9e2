// The files of services, read: no crash on any text. And written: a path that passes check_definition comes back as it was, and
// every line of what was written is one that we meant to write.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "service/definition.hpp"
#include "service/property_list.hpp"
#include "service/systemd_show.hpp"
#include "service/unit_file.hpp"

namespace {

using namespace cordon::service;

void check(bool holds) {
  if (!holds) std::abort();
}

constexpr int kSystemdVersion = 252;

std::ptrdiff_t lines_of(std::string_view text) {
  return std::ranges::count(text, '\n');
}

void check_round_trip(const Definition& wanted) {
  const Definition plain{"a", "/a", "/a", {{"PATH", "/a"}}};
  const std::string unit = compose_unit(wanted, kSystemdVersion);
  check(read_unit(unit) == Written{wanted.program, wanted.config});
  check(lines_of(unit) == lines_of(compose_unit(plain, kSystemdVersion)));
  const std::string list = compose_property_list(wanted, wanted.config);
  check(read_property_list(list) == Written{wanted.program, wanted.config});
  check(lines_of(list) == lines_of(compose_property_list(plain, "/a")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_unit(text);
  (void)read_property_list(text);
  (void)parse_observation(parse_properties(text));
  (void)parse_path_list(text);
  const Definition wanted{
      "a", "/" + std::string(text), "/etc/" + std::string(text), {{"PATH", "/" + std::string(text)}}};
  if (check_definition(wanted)) check_round_trip(wanted);
  return 0;
}
