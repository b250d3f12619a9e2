// The editor of other programs' TOML files: places lie inside the text, and what is put is found, with every other entry as it was, and
// goes again.
#include "integrations/toml_scan.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "integrations/toml_edit.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void require_places(std::string_view text) {
  const auto document = cordon::cli::toml_text::scan(text);
  if (!document) return;
  for (const auto& entry : document->entries) {
    check(entry.key_begin <= entry.last_part && entry.last_part < entry.value_begin);
    check(entry.value_begin < entry.value_end && entry.value_end <= text.size());
    check(!entry.owner || *entry.owner < document->entries.size());
  }
  for (const auto& table : document->tables)
    check(table.begin <= table.end_of_entries && table.end_of_entries <= text.size());
}

void require_editing(std::string_view text) {
  const cordon::cli::TomlPath path = {"policy", "set", "PROXY"};
  const auto other = cordon::cli::find_toml(text, {"policy", "other"});
  const auto put = cordon::cli::put_toml(text, path, "http://127.0.0.1:6790");
  if (!put) return;
  check(cordon::cli::find_toml(*put, path).value() == "http://127.0.0.1:6790");
  if (other) check(cordon::cli::find_toml(*put, {"policy", "other"}).value() == *other);
  check(cordon::cli::put_toml(*put, path, "http://127.0.0.1:6790").value() == *put);
  const auto erased = cordon::cli::erase_toml(*put, path);
  check(erased.has_value() && cordon::cli::toml_text::scan(*erased).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require_places(text);
  require_editing(text);
  return 0;
}
