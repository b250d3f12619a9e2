#include "entry_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "route_text.hpp"

namespace cordon::cli {

void set_if_absent(ConfigEntry& entry, std::string_view key, std::string_view value) {
  if (entry.find(key) == nullptr && !value.empty()) entry.set(key, std::string(value));
}

std::string free_name(std::string name, const Taken& taken) {
  const auto is_taken = [&](const std::string& candidate) {
    return std::ranges::find(taken.names, candidate) != taken.names.end();
  };
  if (!is_taken(name)) return name;
  for (int number = 2;; ++number)
    if (std::string numbered = fmt::format("{}-{}", name, number); !is_taken(numbered)) return numbered;
}

Json with_place(Json json, const SecretRef& secret, const std::optional<std::filesystem::path>& roots) {
  json["source"] = source_word(secret);
  json["upstream_ca_path"] = roots ? Json(roots->string()) : Json();
  return json;
}

}  // namespace cordon::cli
