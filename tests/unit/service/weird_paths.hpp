// Paths that a unit or a property list could get wrong, and programs that judge what was written.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_dir.hpp"

namespace cordon::service {

/// Names of files with everything that has a meaning to systemd, XML or a shell.
inline const std::vector<std::string>& weird_names() {
  static const std::vector<std::string> names = {"plain",
                                                 "with space",
                                                 "two  spaces and\xc2\xa0more",
                                                 "it's",
                                                 "say \"hi\"",
                                                 "100%h%%n",
                                                 "$HOME ${PATH} $$",
                                                 "back\\slash\\n",
                                                 "a&b<c>d;e",
                                                 "]]>",
                                                 "-- dash",
                                                 "#hash",
                                                 "b\xc3\xa4r \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x94\x91",
                                                 "a=b",
                                                 "*?[x]{y}~!`|()"};
  return names;
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// An executable file.
inline std::filesystem::path make_program(const std::filesystem::path& path) {
  write_text(path, "#!/bin/sh\nexit 0\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

struct Judged {
  int status = -1;
  std::string output;  ///< Both streams.
};

/// Runs a command of words that need no quoting.
inline Judged run_command(const std::string& command) {
  Judged judged;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return judged;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    judged.output += static_cast<char>(c);
  judged.status = ::pclose(pipe);
  return judged;
}

}  // namespace cordon::service
