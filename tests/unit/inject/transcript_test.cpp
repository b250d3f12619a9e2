#include "support/transcript.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>

namespace cordon::testing {

void PrintTo(const Transcript& transcript, std::ostream* out) {
  *out << transcript.file << ".txt:" << transcript.line << ": " << transcript.title;
}

namespace {

// Cutting long inputs at each place would take hours and show nothing that the bounds' neighbourhoods do not.
constexpr std::size_t kLong = 4'000;

std::filesystem::path folder() {
  return std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "transcripts" / "http";
}

bool is_worth_a_cut(std::size_t at, std::size_t size) {
  return size <= kLong || at < 100 || at + 100 > size || at % 997 == 0 || (at > 65'400 && at < 65'600);
}

class HttpTranscript : public ::testing::TestWithParam<Transcript> {};

TEST_P(HttpTranscript, EndsAsWritten) {
  const Transcript& transcript = GetParam();
  ASSERT_FALSE(transcript.expected.empty());
  EXPECT_EQ(keep_subjects(transcript, play(transcript, {transcript.input})), transcript.expected);
}

TEST_P(HttpTranscript, EndsTheSameInTwoPieces) {
  const Transcript& transcript = GetParam();
  const std::string_view input = transcript.input;
  const auto whole = play(transcript, {input});
  for (std::size_t at = 1; at < input.size(); ++at) {
    if (!is_worth_a_cut(at, input.size())) continue;
    ASSERT_EQ(play(transcript, {input.substr(0, at), input.substr(at)}), whole) << "cut at " << at;
  }
}

TEST_P(HttpTranscript, EndsTheSameByteByByte) {
  const Transcript& transcript = GetParam();
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < transcript.input.size(); ++at) {
    bytes.push_back(std::string_view(transcript.input).substr(at, 1));
  }
  EXPECT_EQ(play(transcript, bytes), play(transcript, {transcript.input}));
}

std::string test_name(const ::testing::TestParamInfo<Transcript>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.param.line) + "_" + info.param.title;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Http, HttpTranscript, ::testing::ValuesIn(load_transcripts(folder())), test_name);

}  // namespace
}  // namespace cordon::testing
