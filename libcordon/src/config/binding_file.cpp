#include "config/binding_file.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "config/document.hpp"
#include "config/schema.hpp"

namespace cordon::config {
namespace {

using enum Presence;

constexpr std::chrono::seconds kLockPatience{5};
constexpr std::size_t kMaxSize = std::size_t{4} << 20U;

/// Unlike elsewhere an item may be empty: a command's argument.
void read_secret_words(const Value& value, BindingEntry& out) {
  const Array* array = expect<Array>(value, "an array of strings");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto* word = expect<std::string>(value.item(i), "a string");
    out.binding.secret.push_back(word == nullptr ? std::string() : *word);
  }
}

constexpr std::array<Key<BindingEntry>, 6> kBindingKeys = {{
    {"secret", required, read_secret_words},
    {"host", required, [](const Value& value, BindingEntry& out) { convert(value, out.binding.host); }},
    {"ports", required, [](const Value& value, BindingEntry& out) { convert(value, out.binding.ports); }},
    {"terms", optional, [](const Value& value, BindingEntry& out) { convert(value, out.binding.terms); }},
    {"first_used", required, field<&BindingEntry::first_used>},
    {"approved", required, field<&BindingEntry::approved>},
}};

void read_entries(const Value& value, BindingFile& out) {
  read_tables<BindingEntry>(value, kBindingKeys, out.entries);
}

constexpr std::array<Key<BindingFile>, 1> kFileKeys = {{{"bindings", optional, read_entries}}};

std::unexpected<Error> fail_corrupt(const std::filesystem::path& path, Place place, std::string_view message) {
  return fail(
      Errc::config_invalid,
      fmt::format("{}:{}:{}: {}; it says which secret may go where, and nothing is assumed in its place. Look at your "
                  "cordon.toml, then remove the file: the next start makes a new one from that config",
                  printable(path.native()), place.line, place.column, message));
}

// Only for text in UTF-8.
std::string basic_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : ", ") + basic_string(text);
  return "[" + out + "]";
}

std::string ports_of(const PortSet& ports) {
  return ports.any ? "\"any\"" : fmt::format("[{}]", fmt::join(ports.list, ", "));
}

}  // namespace

Result<BindingFile> parse_bindings(std::string_view text, const std::filesystem::path& path) {
  if (const auto bad = find_invalid_utf8(text)) return fail_corrupt(path, place_of(text, *bad), "not UTF-8");
  const auto document = parse_document(text);
  if (!document) return fail_corrupt(path, document.error().place, document.error().message);
  BindingFile file{.exists = true, .entries = {}};
  Reading reading(path);
  read_table<BindingFile>({*document, "", reading}, kFileKeys, file);
  const auto faults = reading.take_faults();
  if (faults.empty()) return file;
  const ConfigFault& first = faults.front();
  return fail_corrupt(path, {first.line, first.column}, first.key + ": " + first.message);
}

std::string compose_bindings(const std::vector<BindingEntry>& entries) {
  std::string out = "# Which secret may go where. Written by Cordon; `cordon approve` adds to it.\n";
  for (const BindingEntry& entry : entries) {
    const Binding& binding = entry.binding;
    out += fmt::format("\n[[bindings]]\nsecret = {}\nhost = {}\nports = {}\n", list_of(binding.secret),
                       basic_string(binding.host), ports_of(binding.ports));
    if (!binding.terms.empty()) out += fmt::format("terms = {}\n", list_of(binding.terms));
    out += fmt::format("first_used = {}\napproved = {}\n", basic_string(entry.first_used), entry.approved);
  }
  return out;
}

Result<BindingFile> read_binding_file(const std::filesystem::path& path) {
  if (const auto safe = base::check_private_folder(path.parent_path()); !safe) {
    if (safe.error().code == Errc::file_missing) return BindingFile{};
    return std::unexpected(safe.error());
  }
  const auto content = base::read_private_file(path, kMaxSize);
  if (content) return parse_bindings(content->view(), path);
  if (content.error().code == Errc::file_missing) return BindingFile{};
  return std::unexpected(content.error());
}

Result<base::UniqueFd> lock_bindings(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  if (const auto made = base::make_private_folder(folder); !made) return std::unexpected(made.error());
  return base::lock_folder(folder, kLockPatience);
}

Result<> write_binding_file(const std::filesystem::path& path, const std::vector<BindingEntry>& entries) {
  const std::string text = compose_bindings(entries);
  if (text.size() > kMaxSize) {
    return fail(Errc::file_failed,
                fmt::format("{} would be larger than the {} bytes allowed", path.native(), kMaxSize));
  }
  if (const auto made = base::make_private_folder(path.parent_path()); !made) return std::unexpected(made.error());
  const auto written = base::write_file_whole(path, text, 0600, base::Overwrite::yes);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace cordon::config
