#include "integrations/rotation.hpp"

#include <fmt/format.h>

#include <cordon/token_rotation.hpp>
#include <cordon/token_set.hpp>

#include "integrations/record.hpp"
#include "integrations/undo.hpp"

namespace cordon::cli {
namespace {

Result<std::vector<std::string>> rotate_in_file(const std::filesystem::path& path, std::string_view name,
                                                const TokenAnnouncement& announce) {
  if (name.empty()) return rotate_all_tokens(path, announce);
  if (auto rotated = rotate_token(path, name, announce); !rotated) return std::unexpected(std::move(rotated).error());
  return std::vector{std::string(name)};
}

Result<> give(const Record& record, std::string_view name, const Secret& value, Rotation& rotation) {
  for (const RecordedTool& tool : record.tools()) {
    if (tool.token != name) continue;
    auto skipped = give_token(tool, value);
    if (!skipped) {
      return fail(skipped.error().code,
                  fmt::format("{}; the token {} was not rotated", skipped.error().message(), name));
    }
    rotation.given.push_back(tool.tool);
    rotation.skipped.insert(rotation.skipped.end(), skipped->begin(), skipped->end());
  }
  return {};
}

/// After a failure: the file still has the old values.
void give_back(const Record& record, const TokenFile& file) {
  for (const RecordedTool& tool : record.tools())
    if (const auto old = file.value(tool.token)) static_cast<void>(give_token(tool, *old));
}

}  // namespace

Result<Rotation> rotate_tokens(const Instance& instance, std::string_view name) {
  const auto record = Record::load(instance);
  if (!record) return std::unexpected(record.error());
  Rotation rotation;
  auto rotated = rotate_in_file(instance.tokens, name, [&](std::string_view token, const Secret& value) {
    return give(*record, token, value, rotation);
  });
  if (!rotated) {
    give_back(*record, TokenFile(instance.tokens));
    return std::unexpected(std::move(rotated).error());
  }
  rotation.rotated = std::move(*rotated);
  return rotation;
}

}  // namespace cordon::cli
