#include "integrations/undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include <cordon/fingerprint.hpp>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr FileMode kOwnersAlone = 0600;

Error named(const fs::path& path, const Error& error) {
  return {error.code,
          error.context.contains(path.native()) ? error.context : fmt::format("{}: {}", path.native(), error.context)};
}

/// A file that was recorded, as it is now. Whoever writes to its folder may have put a link in its place since.
Result<SettingsFile> read(const RecordedFile& file) {
  auto found = read_settings_file({file.path, file.within});
  if (!found) return std::unexpected(named(file.path, found.error()));
  if (found->path == file.target) return found;
  return fail(Errc::file_unsafe,
              fmt::format("{} leads to {} now, and setup wrote to {}; put that back or remove the link",
                          file.path.native(), found->path.native(), file.target.native()));
}

/// Where the file of `found` is.
SettingsPlace place_of(const RecordedFile& file, const SettingsFile& found) {
  return {found.path, file.within};
}

/// What was in the file before setup.
struct Original {
  std::optional<std::string> text;              ///< Absent: not known any more.
  std::optional<fs::path> changed_backup = {};  ///< It is there, and is not what setup wrote.
};

Original original_of(const RecordedFile& file) {
  if (!file.backup) return {""};
  const auto backup =
      read_settings_file({*file.backup, file.within.empty() ? file.backup->parent_path() : file.within});
  if (!backup) return {std::nullopt, file.backup};
  if (!backup->text) return {std::nullopt};
  if (fingerprint(*backup->text) != file.fingerprint) return {std::nullopt, file.backup};
  return {backup->text};
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

Result<Undone> remove(const SettingsPlace& place, Undone undone) {
  const auto removed = remove_settings_file(place);
  return removed ? Result<Undone>(undone) : std::unexpected(removed.error());
}

/// Writes what is left, or removes a file in which nothing is. One that had nothing of ours is not ours to write or remove, and only
/// the text of old gets the mode of old.
Result<Undone> write_back(const RecordedFile& file, const SettingsFile& found, const std::string& text,
                          const std::optional<std::string>& original) {
  const bool restored = file.backup && original == text;
  if (text == *found.text && !restored) return Undone::edited;
  if (!file.backup && has_nothing(text)) return remove(place_of(file, found), Undone::removed);
  const auto written = write_settings_file(place_of(file, found), text, restored ? file.mode : found.mode);
  if (!written) return std::unexpected(written.error());
  if (!restored) return Undone::edited;
  return remove({*file.backup, file.within}, Undone::restored);
}

Result<UndoneFile> undo_settings(const RecordedFile& file, const Format& format, const SettingsFile& found) {
  UndoneFile outcome{file.path, Undone::edited};
  const auto [original, changed_backup] = original_of(file);
  outcome.changed_backup = changed_backup;
  const std::string base = original.value_or("");
  auto again = original ? replay(format, file, base, *found.text) : Result<std::optional<std::string>>(std::nullopt);
  if (!again) return std::unexpected(named(file.path, again.error()));
  const bool untouched = *again == *found.text;
  const auto text = untouched ? Result<std::string>(base) : without_ours(format, file, base, *found.text, outcome.left);
  if (!text) return std::unexpected(named(file.path, text.error()));
  const auto undone = write_back(file, found, *text, original);
  if (!undone) return std::unexpected(undone.error());
  outcome.undone = *undone;
  if (file.backup && original && *undone != Undone::restored) outcome.backup = file.backup;
  return outcome;
}

Result<UndoneFile> undo_whole(const RecordedFile& file, const SettingsFile& found) {
  if (*found.text != file.text) return UndoneFile{file.path, Undone::left};
  const auto removed = remove(place_of(file, found), Undone::removed);
  return removed ? Result<UndoneFile>({file.path, *removed}) : std::unexpected(removed.error());
}

Result<UndoneFile> undo_file(const RecordedFile& file) {
  const auto found = read(file);
  if (!found) return std::unexpected(found.error());
  if (!found->text) return UndoneFile{file.path, Undone::gone, {}, file.backup};
  const Format* const format = find_format(file.format);
  return format == nullptr ? undo_whole(file, *found) : undo_settings(file, *format, *found);
}

/// The files of a tool are in one place.
fs::path within_of(const RecordedTool& tool) {
  return tool.files.empty() ? fs::path() : tool.files.front().within;
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
  return text == found->text.value_or("")
             ? Result<>()
             : write_settings_file(place_of(file, *found), text, found->mode & kOwnersAlone);
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
  for (const fs::path& folder : std::views::reverse(tool.folders))
    remove_empty_settings_folder({folder, within_of(tool)});  // one that is not empty is not ours any more
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
