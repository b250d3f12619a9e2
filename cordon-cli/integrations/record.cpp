#include "integrations/record.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::cli {
namespace {

constexpr int kVersion = 1;

Json to_json(const Setting& setting) {
  return {{"key", setting.key}, {"value", setting.value}, {"element", setting.kind == SettingKind::element}};
}

Json to_json(const RecordedFile& file) {
  Json out = {{"path", file.path.string()}, {"format", file.format}, {"mode", file.mode}, {"backup", nullptr}};
  out["target"] = file.target.string();
  out["within"] = file.within.string();
  if (file.backup) out["backup"] = file.backup->string();
  if (file.backup) out["fingerprint"] = file.fingerprint;
  if (file.format.empty()) out["text"] = file.text;
  out["settings"] = Json::array();
  for (const Setting& setting : file.settings)
    out["settings"].push_back(to_json(setting));
  return out;
}

Json to_json(const RecordedTool& tool) {
  Json out = {{"tool", tool.tool},
              {"token", tool.token},
              {"followed", tool.followed.string()},
              {"folders", Json::array()},
              {"files", Json::array()}};
  for (const auto& folder : tool.folders)
    out["folders"].push_back(folder.string());
  for (const RecordedFile& file : tool.files)
    out["files"].push_back(to_json(file));
  return out;
}

Setting setting_of(const Json& in) {
  return {in.at("key").get<std::vector<std::string>>(), in.at("value"),
          in.at("element").get<bool>() ? SettingKind::element : SettingKind::value};
}

RecordedFile file_of(const Json& in) {
  RecordedFile file{in.at("path").get<std::string>(), in.at("format")};
  file.mode = in.at("mode").get<FileMode>() & 0777U;
  if (!in.at("backup").is_null()) file.backup = in.at("backup").get<std::string>();
  if (file.backup) file.fingerprint = in.at("fingerprint");
  file.target = in.at("target").get<std::string>();
  file.within = in.at("within").get<std::string>();
  if (file.format.empty()) file.text = in.at("text");
  for (const Json& setting : in.at("settings"))
    file.settings.push_back(setting_of(setting));
  return file;
}

/// Throws what the JSON library throws.
std::vector<RecordedTool> tools_of(const Json& in) {
  if (in.at("version") != kVersion) throw std::invalid_argument("version");
  std::vector<RecordedTool> tools;
  for (const Json& one : in.at("tools")) {
    RecordedTool& tool = tools.emplace_back(RecordedTool{one.at("tool"), one.at("token")});
    tool.followed = one.value("followed", std::string());
    for (const Json& folder : one.at("folders"))
      tool.folders.emplace_back(folder.get<std::string>());
    for (const Json& file : one.at("files"))
      tool.files.push_back(file_of(file));
  }
  return tools;
}

}  // namespace

RecordedFile* RecordedTool::find(const std::filesystem::path& path) {
  const auto found = std::ranges::find(files, path, &RecordedFile::path);
  return found == files.end() ? nullptr : &*found;
}

Result<Record> Record::load(const Instance& instance) {
  Record record;
  record.path_ = instance.state / "integrations.json";
  if (auto checked = check_state_folder(instance); !checked) return std::unexpected(checked.error());
  const auto file = read_settings_file({record.path_, instance.state});
  if (!file) return std::unexpected(file.error());
  if (!file->text) return record;
  try {
    record.tools_ = tools_of(Json::parse(*file->text));
  } catch (const std::exception&) {  // its words may quote the text
    return fail(
        Errc::config_invalid,
        fmt::format("{} is not what setup writes; move it away, and undo by hand what setup wrote: the files that "
                    "it names, whose backups are beside them",
                    record.path_.string()));
  }
  return record;
}

Result<> Record::save() const {
  Json out = {{"version", kVersion}, {"tools", Json::array()}};
  for (const RecordedTool& tool : tools_)
    out["tools"].push_back(to_json(tool));
  try {
    return write_settings_file({path_, path_.parent_path()}, out.dump(2) + "\n", 0600);
  } catch (const nlohmann::json::exception&) {
    return fail(Errc::not_supported, "a path is not UTF-8, which the record of integrations cannot carry");
  }
}

RecordedTool* Record::find(std::string_view tool) {
  const auto found = std::ranges::find(tools_, tool, &RecordedTool::tool);
  return found == tools_.end() ? nullptr : &*found;
}

RecordedTool& Record::get(std::string_view tool, std::string_view token) {
  if (RecordedTool* const found = find(tool)) return *found;
  return tools_.emplace_back(RecordedTool{std::string(tool), std::string(token)});
}

void Record::remove(std::string_view tool) {
  std::erase_if(tools_, [&](const RecordedTool& one) { return one.tool == tool; });
}

}  // namespace cordon::cli
