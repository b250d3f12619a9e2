#include "service/property_list.hpp"

#include <array>
#include <vector>

#include <fmt/format.h>

namespace cordon::service {
namespace {

constexpr std::string_view kMark = "<!-- Written by `cordon service install`, which writes it anew.";
constexpr std::string_view kArguments = "<key>ProgramArguments</key>\n  <array>\n";

struct Entity {
  char character;
  std::string_view name;
};
constexpr std::array<Entity, 5> kEntities = {
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}}};

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    std::string_view name;
    for (const Entity& entity : kEntities)
      if (entity.character == c) name = entity.name;
    if (name.empty())
      out += c;
    else
      out += name;
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t taken = 1;
    char c = text.front();
    for (const Entity& entity : kEntities) {
      if (!text.starts_with(entity.name)) continue;
      taken = entity.name.size();
      c = entity.character;
    }
    out += c;
    text.remove_prefix(taken);
  }
  return out;
}

std::string string_element(std::string_view text) {
  return fmt::format("<string>{}</string>", escape(text));
}

std::string variables_element(const Variables& variables) {
  std::string out = "<dict>\n";
  for (const auto& [name, value] : variables)
    out += fmt::format("    <key>{}</key>\n    {}\n", escape(name), string_element(value));
  // launchd cannot tell exit statuses apart: `cordon start` exits with 0 for it where trying again cannot help.
  return out + "    <key>CORDON_SUPERVISOR</key>\n    <string>launchd</string>\n  </dict>";
}

std::string arguments_element(const Definition& definition) {
  const std::array<std::string_view, 4> words = {definition.program.native(), "start", "--config",
                                                 definition.config.native()};
  std::string out = "<array>\n";
  for (const std::string_view word : words)
    out += fmt::format("    {}\n", string_element(word));
  return out + "  </array>";
}

/// The strings of the array that begins `text`.
std::vector<std::string> strings_of(std::string_view text) {
  constexpr std::string_view kOpen = "    <string>";
  constexpr std::string_view kClose = "</string>\n";
  std::vector<std::string> out;
  while (text.starts_with(kOpen)) {
    text.remove_prefix(kOpen.size());
    const std::size_t end = text.find(kClose);
    if (end == std::string_view::npos) return {};
    out.push_back(unescape(text.substr(0, end)));
    text.remove_prefix(end + kClose.size());
  }
  return out;
}

}  // namespace

std::string launchd_label(std::string_view name) {
  return fmt::format("io.codezero.cordon.{}", name);
}

std::string compose_property_list(const Definition& definition, const std::filesystem::path& log) {
  const std::string log_element = string_element(log.native());
  const std::vector<std::pair<std::string_view, std::string>> entries = {
      {"Label", string_element(launchd_label(definition.name))},
      {"ProgramArguments", arguments_element(definition)},
      {"EnvironmentVariables", variables_element(definition.environment)},
      {"RunAtLoad", "<true/>"},
      // Started again when it crashes or exits with another status than 0, at most once in ThrottleInterval seconds.
      {"KeepAlive", "<dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>"},
      {"ThrottleInterval", "<integer>10</integer>"},
      // Requests wait for it: no throttling of processor and disk as for background work.
      {"ProcessType", "<string>Interactive</string>"},
      {"ExitTimeOut", "<integer>10</integer>"},
      {"Umask", "<integer>63</integer>"},  // 077: property lists have no octal numbers
      {"StandardOutPath", log_element},
      {"StandardErrorPath", log_element},
  };
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
      "{} -->\n"
      "<plist version=\"1.0\">\n<dict>\n",
      kMark);
  for (const auto& [key, element] : entries)
    out += fmt::format("  <key>{}</key>\n  {}\n", key, element);
  return out + "</dict>\n</plist>\n";
}

std::optional<Written> read_property_list(std::string_view text) {
  const std::size_t at = text.find(kArguments);
  if (text.find(kMark) == std::string_view::npos || at == std::string_view::npos) return std::nullopt;
  const auto words = strings_of(text.substr(at + kArguments.size()));
  if (words.size() != 4 || words[2] != "--config") return std::nullopt;
  return Written{words[0], words[3]};
}

}  // namespace cordon::service
