// What a shell offers while a `cordon` command line is being typed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "command.hpp"

namespace cordon::cli {

/// What fits at the cursor.
enum class Offer : std::uint8_t {
  words,    ///< The candidates.
  files,    ///< A path, which the shell itself completes.
  program,  ///< Another program's command line, which begins at the word `program_at`.
};

struct Candidate {
  std::string word;
  std::string description;  ///< May be empty.
};

struct Completion {
  Offer offer = Offer::words;
  std::vector<Candidate> candidates = {};
  std::size_t program_at = 0;
};

/// For the words after `cordon`, of which the last, perhaps empty, is the one being typed. Reads cordon.toml and tokens.toml where
/// names of routes or tokens fit, and never fails: what cannot be read offers nothing.
Completion complete(const Context& context, std::span<const std::string> words);

/// The script that teaches `shell` to ask for these: `bash`, `zsh` or `fish`.
std::string_view completion_script(std::string_view shell);

}  // namespace cordon::cli
