// Plays the dialogues of tests/transcripts/http: what arrives, byte for byte, and what the proxy makes of it. Their
// format is described in tests/transcripts/http/README.md, for reviewers who read no C++.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/dialogues.hpp"

namespace cordon::testing {

/// One dialogue.
struct Transcript : DialogueHead {
  std::string input;
  std::vector<std::string> expected;

  /// The first words of the expected lines: what the dialogue makes a statement about.
  std::set<std::string, std::less<>> subjects() const;
};

/// Every dialogue of the folder's .txt files, in order. Throws std::runtime_error when one is malformed.
std::vector<Transcript> load_transcripts(const std::filesystem::path& folder);

/// What happens when the input arrives in `pieces`: one line an outcome, of all subjects.
std::vector<std::string> play(const Transcript& transcript, const std::vector<std::string_view>& pieces);

/// `lines` without those of subjects that the dialogue leaves open.
std::vector<std::string> keep_subjects(const Transcript& transcript, std::vector<std::string> lines);

}  // namespace cordon::testing
