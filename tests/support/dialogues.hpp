// Reads the files of dialogues below tests/transcripts. All protocols' have the same frame: a line `== title` begins a
// dialogue, `! name value` is one of its settings, `#` begins a remark; what other lines say is the protocol's own.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::testing {

/// What every dialogue has, whatever its protocol.
struct DialogueHead {
  std::string file;
  int line = 0;
  std::string title;  ///< Begins with the ID of its row in the catalogue of attacks, where it has one.
  std::map<std::string, std::string, std::less<>> settings;  ///< Of the lines that begin with `!`.
};

/// Adds what a line `! name value` says, given what stands behind the `! `. The value may be absent.
inline void add_setting(std::string_view content, DialogueHead& dialogue) {
  const std::size_t space = std::min(content.find(' '), content.size());
  dialogue.settings[std::string(content.substr(0, space))] =
      std::string(content.substr(std::min(space + 1, content.size())));
}

/// The folder's .txt files, in order.
inline std::vector<std::filesystem::path> dialogue_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// Every dialogue of one file. `add_line(line, dialogue)` adds a line of the protocol's own, and throws when it is none.
template <typename Dialogue, typename AddLine>
void load_dialogue_file(const std::filesystem::path& path, const AddLine& add_line, std::vector<Dialogue>& all) {
  std::ifstream file(path);
  std::string line;
  bool titled = false;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view text = line;
    if (text.empty() || text.starts_with('#')) continue;
    try {
      if (text.starts_with("== ")) {
        titled = true;
        DialogueHead& head = all.emplace_back();
        head = {path.stem().string(), number, line.substr(3), {}};
      } else if (!titled) {
        throw std::runtime_error("a file begins with a title");
      } else if (text.starts_with("! ")) {
        add_setting(text.substr(2), all.back());
      } else {
        add_line(text, all.back());
      }
    } catch (const std::exception& error) {
      throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": " + error.what());
    }
  }
}

/// Every dialogue of the folder, in order. Throws std::runtime_error, which names file and line, when one is malformed.
template <typename Dialogue, typename AddLine>
std::vector<Dialogue> load_dialogues(const std::filesystem::path& folder, const AddLine& add_line) {
  std::vector<Dialogue> all;
  for (const auto& file : dialogue_files(folder))
    load_dialogue_file(file, add_line, all);
  return all;
}

}  // namespace cordon::testing
