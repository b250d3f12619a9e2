// How ConfigEdit reads and writes its file.
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include <fmt/format.h>

#include <cordon/config_edit.hpp>

#include "base/files.hpp"
#include "config/config_file.hpp"
#include "config/document.hpp"
#include "config/text.hpp"

namespace cordon {
namespace {

constexpr mode_t kNewFile = 0644;  // no secret is in it

std::string shown(const std::filesystem::path& path) {
  return config::printable(path.native());
}

Result<std::filesystem::path> absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  auto out = std::filesystem::absolute(path, error);
  if (error) return fail(Errc::file_failed, fmt::format("{}: {}", shown(path), error.message()));
  return out;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

Result<std::string> read(const std::filesystem::path& path) {
  if (!is_there(path)) return fail(Errc::file_missing, fmt::format("there is no config file {}", shown(path)));
  auto content = config::read_config_file(path);
  if (!content) return fail(Errc::config_invalid, fmt::format("{}: {}", shown(path), content.error()));
  return std::move(content->text);
}

Result<> check_syntax(const std::filesystem::path& path, std::string_view text) {
  const auto refuse = [&](config::Place place, std::string_view why) {
    return fail(Errc::config_invalid, fmt::format("{}:{}:{}: {}", shown(path), place.line, place.column, why));
  };
  if (const auto bad = config::find_invalid_utf8(text))
    return refuse(config::place_of(text, *bad), "not UTF-8: save the file in that encoding");
  if (const auto document = config::parse_document(text); !document)
    return refuse(document.error().place, document.error().message);
  return {};
}

Result<> replace_file(const std::filesystem::path& path, const std::string& read_before, const std::string& text) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  struct stat info {};
  if (error || ::stat(target.c_str(), &info) != 0)
    return fail(Errc::file_failed, fmt::format("{} is gone; nothing was written", shown(path)));
  const auto now = read(target);
  if (!now) return std::unexpected(now.error());
  if (*now != read_before)
    return fail(Errc::file_failed,
                fmt::format("{} was changed by someone else meanwhile; nothing was written: run the command again",
                            shown(path)));
  return base::replace_file_whole(target, text, info);
}

Result<> make_file(const std::filesystem::path& path, const std::string& text) {
  if (!is_there(path.parent_path())) {
    if (auto made = base::make_private_folder(path.parent_path()); !made) return made;
  }
  const auto written = base::write_file_whole(path, text, kNewFile, base::Overwrite::no);
  if (!written) return std::unexpected(written.error());
  if (*written) return {};
  return fail(Errc::file_failed,
              fmt::format("{} is there now; nothing was written: run the command again", shown(path)));
}

}  // namespace

Result<ConfigEdit> ConfigEdit::open(const std::filesystem::path& path) {
  const auto file = absolute_path(path);
  if (!file) return std::unexpected(file.error());
  auto text = read(*file);
  if (!text) return std::unexpected(std::move(text).error());
  if (const auto good = check_syntax(*file, *text); !good) return std::unexpected(good.error());
  return ConfigEdit(*file, *std::move(text), Origin::file);
}

Result<ConfigEdit> ConfigEdit::create(const std::filesystem::path& path, std::string text) {
  const auto file = absolute_path(path);
  if (!file) return std::unexpected(file.error());
  if (const auto good = check_syntax(*file, text); !good) return std::unexpected(good.error());
  return ConfigEdit(*file, std::move(text), Origin::nothing);
}

Result<> ConfigEdit::save() {
  if (const auto faults = check(); !faults)
    return fail(Errc::config_invalid, fmt::format("nothing was written: {}", faults.error().front().to_string()));
  if (origin_ == Origin::file && text_ == read_) return {};
  auto written = origin_ == Origin::file ? replace_file(path_, read_, text_) : make_file(path_, text_);
  if (!written) return written;
  origin_ = Origin::file;
  read_ = text_;
  return {};
}

}  // namespace cordon
