#include "integrations/undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <system_error>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

Error named(const fs::path& path, const Error& error) {
  return {error.code,
          error.context.contains(path.native()) ? error.context : fmt::format("{}: {}", path.native(), error.context)};
}

/// A file that was recorded, as it is now. A link may have been put in its place by its owner.
Result<SettingsFile> read(const RecordedFile& file) {
  auto found = read_settings_file(file.path, LinkedSettings::follow);
  return found ? std::move(found) : std::unexpected(named(file.path, found.error()));
}

/// What was in the file before setup; nothing when that is not known any more.
std::optional<std::string> original_of(const RecordedFile& file) {
  if (!file.backup) return "";
  auto backup = read_settings_file(*file.backup, LinkedSettings::refuse);
  return backup ? std::move(backup->text) : std::nullopt;
}

/// The original with our settings put into it, as setup does it; nothing when one of them is not as setup left it.
Result<std::optional<std::string>> replay(const Format& format, const RecordedFile& file, const std::string& original,
                                          const std::string& now) {
  std::string text = original;
  for (Setting setting : file.settings) {
    const auto value = format.find(now, setting);
    if (!value) return std::unexpected(value.error());
    if (!*value || !fits(setting.value, **value)) return std::nullopt;
    setting.value = **value;
    const auto before = format.find(text, setting);
    if (before && *before == setting.value) continue;
    auto put = format.put(text, setting);
    if (!put) return std::nullopt;
    text = std::move(*put);
  }
  return text;
}

/// One setting taken back. `left` gets the name of one that was changed since.
Result<std::string> take_back(const Format& format, const Setting& setting, const std::string& original,
                              std::string text, std::vector<std::string>& left) {
  const auto state = held(format, text, setting);
  if (!state) return std::unexpected(state.error());
  if (*state == Held::absent) return text;
  if (*state == Held::changed) {
    left.push_back(name_of(setting));
    return text;
  }
  const auto before = format.find(original, setting);
  if (!before || !*before || setting.kind == SettingKind::element) return format.erase(text, setting);
  return format.put(text, {setting.key, **before, setting.kind});
}

Result<std::string> without_ours(const Format& format, const RecordedFile& file, const std::string& original,
                                 std::string text, std::vector<std::string>& left) {
  for (const Setting& setting : file.settings) {
    auto taken = take_back(format, setting, original, std::move(text), left);
    if (!taken) return taken;
    text = std::move(*taken);
  }
  for (const Setting& setting : file.settings) {
    auto pruned = format.prune(text, original, setting);
    if (!pruned) return pruned;
    text = std::move(*pruned);
  }
  return text;
}

bool has_nothing(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos || text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin) == "{}";
}

Result<> remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (!error) return {};
  return fail(Errc::file_failed, fmt::format("cannot remove {}: {}", path.native(), error.message()));
}

/// Writes what is left, or removes a file in which nothing is.
Result<Undone> write_back(const RecordedFile& file, const SettingsFile& found, const std::string& text,
                          const std::optional<std::string>& original, bool all_ours) {
  if (!file.backup && has_nothing(text)) {
    auto removed = remove_file(found.path);
    return removed ? Result<Undone>(Undone::removed) : std::unexpected(removed.error());
  }
  const auto written = write_settings_file(found.path, text, all_ours ? file.mode : found.mode);
  if (!written) return std::unexpected(written.error());
  if (file.backup && original == text) {
    auto removed = remove_file(*file.backup);
    return removed ? Result<Undone>(Undone::restored) : std::unexpected(removed.error());
  }
  return Undone::edited;
}

Result<UndoneFile> undo_settings(const RecordedFile& file, const Format& format, const SettingsFile& found) {
  UndoneFile outcome{file.path, Undone::edited};
  const auto original = original_of(file);
  const std::string base = original.value_or("");
  auto again = original ? replay(format, file, base, *found.text) : Result<std::optional<std::string>>(std::nullopt);
  if (!again) return std::unexpected(named(file.path, again.error()));
  const bool untouched = *again == *found.text;
  const auto text = untouched ? Result<std::string>(base) : without_ours(format, file, base, *found.text, outcome.left);
  if (!text) return std::unexpected(named(file.path, text.error()));
  const auto undone = write_back(file, found, *text, original, outcome.left.empty());
  if (!undone) return std::unexpected(undone.error());
  outcome.undone = *undone;
  if (file.backup && original && *undone != Undone::restored) outcome.backup = file.backup;
  return outcome;
}

Result<UndoneFile> undo_whole(const RecordedFile& file, const SettingsFile& found) {
  if (*found.text != file.text) return UndoneFile{file.path, Undone::left};
  if (auto removed = remove_file(found.path); !removed) return std::unexpected(removed.error());
  return UndoneFile{file.path, Undone::removed};
}

Result<UndoneFile> undo_file(const RecordedFile& file) {
  const auto found = read(file);
  if (!found) return std::unexpected(found.error());
  if (!found->text) return UndoneFile{file.path, Undone::gone, {}, file.backup};
  const Format* const format = find_format(file.format);
  return format == nullptr ? undo_whole(file, *found) : undo_settings(file, *format, *found);
}

Drift drift_in(const RecordedFile& file) {
  Drift drift{file.path};
  const auto found = read(file);
  if (!found) {
    drift.problem = found.error().message();
    return drift;
  }
  const Format* const format = find_format(file.format);
  if (format == nullptr) {
    if (!found->text) drift.missing.emplace_back("the file");
    if (found->text && *found->text != file.text) drift.changed.emplace_back("the file");
    return drift;
  }
  for (const Setting& setting : file.settings) {
    const auto state = held(*format, found->text.value_or(""), setting);
    if (!state) {
      drift.problem = state.error().message();
      return drift;
    }
    if (*state == Held::changed) drift.changed.push_back(name_of(setting));
    if (*state == Held::absent) drift.missing.push_back(name_of(setting));
  }
  return drift;
}

Result<> give_token_to(const RecordedFile& file, const Format& format, const Secret& token,
                       std::vector<std::string>& skipped) {
  const auto found = read(file);
  if (!found) return std::unexpected(found.error());
  std::string text = found->text.value_or("");
  for (Setting setting : file.settings) {
    if (!has_token(setting.value)) continue;
    const auto state = held(format, text, setting);
    if (!state) return std::unexpected(named(file.path, state.error()));
    if (*state != Held::ours) {
      skipped.push_back(fmt::format("{} in {}", name_of(setting), file.path.native()));
      continue;
    }
    setting.value = with_token(setting.value, token.reveal());
    auto put = format.put(text, setting);
    if (!put) return std::unexpected(named(file.path, put.error()));
    text = std::move(*put);
  }
  return text == found->text.value_or("") ? Result<>() : write_settings_file(found->path, text, found->mode);
}

}  // namespace

std::string_view name(Undone undone) {
  constexpr std::array<std::string_view, 5> kNames = {"removed", "restored", "edited", "gone", "left"};
  return kNames.at(static_cast<std::size_t>(undone));
}

Result<std::vector<UndoneFile>> undo(const RecordedTool& tool) {
  std::vector<UndoneFile> outcomes;
  for (const RecordedFile& file : tool.files) {
    auto outcome = undo_file(file);
    if (!outcome) return std::unexpected(std::move(outcome).error());
    outcomes.push_back(std::move(*outcome));
  }
  std::error_code ignored;
  for (const fs::path& folder : std::views::reverse(tool.folders))
    fs::remove(folder, ignored);  // one that is not empty is not ours any more
  return outcomes;
}

std::vector<Drift> find_drift(const RecordedTool& tool) {
  std::vector<Drift> all;
  for (const RecordedFile& file : tool.files) {
    Drift drift = drift_in(file);
    if (!drift.problem.empty() || !drift.changed.empty() || !drift.missing.empty()) all.push_back(std::move(drift));
  }
  return all;
}

Result<std::vector<std::string>> give_token(const RecordedTool& tool, const Secret& token) {
  std::vector<std::string> skipped;
  for (const RecordedFile& file : tool.files) {
    const Format* const format = find_format(file.format);
    if (format == nullptr) continue;
    if (auto given = give_token_to(file, *format, token, skipped); !given) return std::unexpected(given.error());
  }
  return skipped;
}

}  // namespace cordon::cli
