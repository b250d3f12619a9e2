#include "integrations/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include <cordon/fingerprint.hpp>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr FileMode kPrivate = 0600;
constexpr int kMaxBackups = 100;

Error named(const fs::path& path, const Error& error) {
  return {error.code,
          error.context.contains(path.native()) ? error.context : fmt::format("{}: {}", path.native(), error.context)};
}

bool is_planned(const PlannedFile& file, const Setting& setting) {
  return std::ranges::any_of(file.settings, [&](const Setting& planned) {
    const bool same = setting.kind == SettingKind::value || planned.value == setting.value;
    return same && planned.kind == setting.kind && planned.key == setting.key;
  });
}

/// `text` without what an earlier setup wrote and this one does not.
Result<std::string> without_stale(const PlannedFile& file, const RecordedFile* recorded, std::string text) {
  if (recorded == nullptr) return text;
  for (const Setting& setting : recorded->settings) {
    if (is_planned(file, setting)) continue;
    const auto state = held(*file.format, text, setting);
    if (!state) return std::unexpected(state.error());
    if (*state != Held::ours) continue;
    auto erased = file.format->erase(text, setting);
    if (!erased) return erased;
    text = std::move(*erased);
  }
  return text;
}

/// The file's text as planned.
Result<std::string> edited(const PlannedFile& file, const RecordedFile* recorded, const std::string& before,
                           std::string_view token) {
  if (file.format == nullptr) return file.text;
  auto text = without_stale(file, recorded, before);
  for (const Setting& planned : file.settings) {
    if (!text) return text;
    Setting setting = planned;
    setting.value = with_token(planned.value, token);
    const auto now = file.format->find(*text, setting);
    if (!now) return std::unexpected(now.error());
    if (*now != setting.value) text = file.format->put(*text, setting);  // one that is right keeps its spelling
  }
  return text;
}

/// Whether a file that should be ours as a whole is somebody else's.
bool is_foreign(const PlannedFile& file, const SettingsFile& found, const RecordedFile* recorded) {
  return file.format == nullptr && found.text && *found.text != file.text &&
         (recorded == nullptr || *found.text != recorded->text);
}

FileMode mode_for(const PlannedFile& file, const SettingsFile& found) {
  const bool secret =
      std::ranges::any_of(file.settings, [](const Setting& setting) { return has_token(setting.value); });
  return secret ? kPrivate : found.mode;
}

/// A file as it is and as it is going to be.
struct Edit {
  SettingsFile found;
  std::string text;
  FileMode mode;
  Change change;
};

Result<Edit> prepare(const PlannedFile& file, const RecordedFile* recorded, std::string_view token) {
  auto found = read_settings_file(file.place());
  if (!found) return std::unexpected(named(file.path, found.error()));
  auto text = edited(file, recorded, found->text.value_or(""), token);
  if (!text) return std::unexpected(named(file.path, text.error()));
  const FileMode mode = mode_for(file, *found);
  Change change = found->text ? Change::changed : Change::made;
  if (is_foreign(file, *found, recorded)) {
    change = Change::left;
  } else if (found->text == *text && found->mode == mode) {
    change = Change::already;
  }
  return Edit{std::move(*found), std::move(*text), mode, change};
}

/// Makes the missing folders above `path` and notes them.
Result<> make_folders(const SettingsPlace& place, std::vector<fs::path>& made) {
  std::error_code ignored;
  const SettingsPlace folder{place.path.parent_path(), place.within};
  if (folder.path == place.within || fs::is_directory(folder.path, ignored)) return {};  // writing tells a link
  if (auto above = make_folders(folder, made); !above) return above;
  const auto done = make_settings_folder(folder);
  if (!done) return std::unexpected(done.error());
  if (*done) made.push_back(folder.path);
  return {};
}

/// Copies what is at `found` to the first free name beside it.
Result<fs::path> back_up(const SettingsFile& found, const fs::path& within, FileMode mode) {
  for (int i = 1; i <= kMaxBackups; ++i) {
    fs::path path = found.path;
    path += i == 1 ? ".cordon.bak" : fmt::format(".cordon.bak.{}", i);
    const auto made = create_settings_file({path, within}, *found.text, mode);
    if (!made) return std::unexpected(made.error());
    if (*made) return path;
  }
  return fail(Errc::file_failed, fmt::format("too many backups of {}; remove some", found.path.native()));
}

/// The record's entry for a file that is about to be written, with the backup made when this is the first time.
Result<std::optional<fs::path>> note(const PlannedFile& file, const Edit& edit, RecordedTool& tool) {
  std::optional<fs::path> backup;
  RecordedFile* recorded = tool.find(file.path);
  if (recorded == nullptr) {
    if (edit.found.text && file.format != nullptr) {
      auto copied = back_up(edit.found, file.within, edit.found.mode);
      if (!copied) return std::unexpected(std::move(copied).error());
      backup = std::move(*copied);
    }
    tool.files.push_back(
        {file.path, file.format == nullptr ? "" : std::string(file.format->name), backup, edit.found.mode});
    recorded = &tool.files.back();
    if (backup) recorded->fingerprint = fingerprint(*edit.found.text);
  }
  recorded->target = edit.found.path;
  recorded->within = file.within;
  recorded->settings = file.settings;
  recorded->text = file.text;
  return backup;
}

Result<FileOutcome> apply_file(const PlannedFile& file, std::string_view tool, const Secret& token, Record& record) {
  RecordedTool& recorded = record.get(tool, tool);
  const auto edit = prepare(file, recorded.find(file.path), token.reveal());
  if (!edit) return std::unexpected(edit.error());
  FileOutcome outcome{file.path, edit->change, edit->found.path};
  if (edit->change == Change::left) return outcome;
  if (edit->change == Change::already && recorded.find(file.path) != nullptr) return outcome;
  if (auto made = make_folders({edit->found.path, file.within}, recorded.folders); !made)
    return std::unexpected(made.error());
  auto backup = note(file, *edit, recorded);
  if (!backup) return std::unexpected(std::move(backup).error());
  outcome.backup = std::move(*backup);
  if (auto saved = record.save(); !saved) return std::unexpected(saved.error());
  const auto written = write_settings_file({edit->found.path, file.within}, edit->text, edit->mode);
  return written ? Result<FileOutcome>(std::move(outcome)) : std::unexpected(written.error());
}

Result<std::string> without(const Leftover& leftover, const std::string& before) {
  Result<std::string> text = before;
  for (const Setting& setting : leftover.settings)
    if (text) text = leftover.format->erase(*text, setting);
  if (text && !leftover.settings.empty()) text = leftover.format->prune(*text, "", leftover.settings.front());
  return text;
}

Result<FileOutcome> remove_leftover(const Leftover& leftover) {
  const auto found = read_settings_file({leftover.path, leftover.within});
  if (!found) return std::unexpected(found.error());
  const auto text = without(leftover, found->text.value_or(""));
  if (!text) return std::unexpected(named(leftover.path, text.error()));
  auto backup = back_up(*found, leftover.within, kPrivate);
  if (!backup) return std::unexpected(std::move(backup).error());
  if (auto written = write_settings_file({found->path, leftover.within}, *text, found->mode); !written)
    return std::unexpected(written.error());
  return FileOutcome{leftover.path, Change::removed, found->path, std::move(*backup)};
}

}  // namespace

std::string_view name(Change change) {
  constexpr std::array<std::string_view, 5> kNames = {"made", "changed", "already", "left", "removed"};
  return kNames.at(static_cast<std::size_t>(change));
}

Result<std::vector<FileOutcome>> rehearse(const Plan& plan, const RecordedTool* recorded, std::string_view token) {
  std::vector<FileOutcome> outcomes;
  for (const PlannedFile& file : plan.files) {
    const RecordedFile* const before =
        recorded == nullptr ? nullptr : const_cast<RecordedTool*>(recorded)->find(file.path);
    const auto edit = prepare(file, before, token);
    if (!edit) return std::unexpected(edit.error());
    outcomes.push_back({file.path, edit->change, edit->found.path});
  }
  for (const Leftover& leftover : plan.leftovers)
    outcomes.push_back({leftover.path, Change::removed, leftover.path});
  return outcomes;
}

Result<std::vector<FileOutcome>> apply(const Plan& plan, std::string_view tool, const Secret& token, Record& record) {
  std::vector<FileOutcome> outcomes;
  for (const PlannedFile& file : plan.files) {
    auto outcome = apply_file(file, tool, token, record);
    if (!outcome) return std::unexpected(std::move(outcome).error());
    outcomes.push_back(std::move(*outcome));
  }
  for (const Leftover& leftover : plan.leftovers) {
    auto outcome = remove_leftover(leftover);
    if (!outcome) return std::unexpected(std::move(outcome).error());
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

}  // namespace cordon::cli
