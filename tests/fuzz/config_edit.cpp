// ConfigEdit on any text: no crash; what is added is there and goes again; a text that could not be edited is left as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <cordon/config_edit.hpp>

#include "config/document.hpp"
#include "config/edit_scan.hpp"

namespace {

using cordon::ConfigEdit;
using cordon::ConfigEntry;
using cordon::ConfigList;

void check(bool holds) {
  if (!holds) std::abort();
}

/// The statements are the whole text, in order.
void check_scan(std::string_view text) {
  std::size_t end = text.starts_with(cordon::config::kByteOrderMark) ? cordon::config::kByteOrderMark.size() : 0;
  for (const auto& statement : cordon::config::scan(text)) {
    check(statement.lines.begin == end && statement.lines.end > end);
    end = statement.lines.end;
  }
  check(end == text.size());
}

ConfigEntry new_entry() {
  ConfigEntry entry;
  entry.set("name", std::string("new \" entry"));
  entry.set("match.host", std::string("new.example.com"));
  entry.set("auth.secret.argv", std::vector<std::string>{"a", "b]"});
  return entry;
}

void edit_one(const ConfigEdit& original, const ConfigEntry& entry) {
  const std::string name = entry.text("name");
  ConfigEdit edit = original;
  const std::size_t count = edit.entries(ConfigList::routes).size();
  if (edit.remove(ConfigList::routes, name)) check(edit.entries(ConfigList::routes).size() + 1 == count);
  edit = original;
  ConfigEntry changed = entry;
  changed.set("auth.secret.account", std::string("new"));
  changed.erase("match.host");
  if (edit.replace(ConfigList::routes, name, changed)) {
    check(edit.entry(ConfigList::routes, name) == changed);
  } else {
    check(edit.text() == original.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto original = ConfigEdit::create("/folder/cordon.toml", text);
  if (!original) return 0;
  check_scan(text);
  const auto entries = original->entries(ConfigList::routes);
  for (const ConfigEntry& entry : entries)
    if (!entry.text("name").empty()) edit_one(*original, entry);
  ConfigEdit edit = *original;
  if (edit.add(ConfigList::routes, new_entry())) {
    check(edit.entries(ConfigList::routes).size() == entries.size() + 1);
    check(edit.entries(ConfigList::routes).back() == new_entry());
  }
  edit = *original;
  if (!edit.set("listen", std::int64_t{6791})) check(edit.text() == text);
  return 0;
}
