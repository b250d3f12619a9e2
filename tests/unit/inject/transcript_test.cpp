#include "support/transcript.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cordon::testing {
namespace {

// Cutting long inputs at each place would take hours and show nothing that the bounds' neighbourhoods do not.
constexpr std::size_t kLong = 4'000;

std::filesystem::path folder() {
  return std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "transcripts" / "http";
}

bool is_worth_a_cut(std::size_t at, std::size_t size) {
  return size <= kLong || at < 100 || at + 100 > size || at % 997 == 0 || (at > 65'400 && at < 65'600);
}

std::string place_of(const Transcript& transcript) {
  return transcript.file + ".txt:" + std::to_string(transcript.line) + ": " + transcript.title;
}

/// The dialogues of one file.
class HttpTranscripts : public ::testing::TestWithParam<std::string> {
 protected:
  static std::vector<Transcript> dialogues() {
    std::vector<Transcript> all = load_transcripts(folder());
    std::erase_if(all, [](const Transcript& transcript) { return transcript.file != GetParam(); });
    return all;
  }
};

TEST_P(HttpTranscripts, EndAsWritten) {
  for (const Transcript& transcript : dialogues()) {
    SCOPED_TRACE(place_of(transcript));
    EXPECT_FALSE(transcript.expected.empty());
    EXPECT_EQ(keep_subjects(transcript, play(transcript, {transcript.input})), transcript.expected);
  }
}

TEST_P(HttpTranscripts, EndTheSameInTwoPieces) {
  for (const Transcript& transcript : dialogues()) {
    SCOPED_TRACE(place_of(transcript));
    const std::string_view input = transcript.input;
    const auto whole = play(transcript, {input});
    for (std::size_t at = 1; at < input.size(); ++at) {
      if (!is_worth_a_cut(at, input.size())) continue;
      ASSERT_EQ(play(transcript, {input.substr(0, at), input.substr(at)}), whole) << "cut at " << at;
    }
  }
}

TEST_P(HttpTranscripts, EndTheSameByteByByte) {
  for (const Transcript& transcript : dialogues()) {
    SCOPED_TRACE(place_of(transcript));
    const std::string_view input = transcript.input;
    std::vector<std::string_view> bytes(input.size());
    for (std::size_t at = 0; at < input.size(); ++at)
      bytes[at] = input.substr(at, 1);
    EXPECT_EQ(play(transcript, bytes), play(transcript, {transcript.input}));
  }
}

std::set<std::string> files() {
  std::set<std::string> names;
  for (const Transcript& transcript : load_transcripts(folder()))
    names.insert(transcript.file);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Http, HttpTranscripts, ::testing::ValuesIn(files()),
                         [](const ::testing::TestParamInfo<std::string>& file) { return file.param; });

}  // namespace
}  // namespace cordon::testing
