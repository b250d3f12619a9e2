#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/postgres_transcript.hpp"

namespace cordon::testing {
namespace {

std::vector<PostgresDialogue> dialogues() {
  return load_postgres_dialogues(std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "transcripts" /
                                 "postgres");
}

void expect_as_written(Arrival arrival) {
  const auto all = dialogues();
  EXPECT_GT(all.size(), 20U);
  for (const PostgresDialogue& dialogue : all) {
    SCOPED_TRACE(dialogue.file + ".txt:" + std::to_string(dialogue.line) + ": " + dialogue.title);
    const auto outcomes = play(dialogue, arrival);
    ASSERT_FALSE(dialogue.exchanges.empty());
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      EXPECT_EQ(outcomes[i], dialogue.exchanges[i].expected) << "exchange " << i + 1;
  }
}

TEST(PostgresTranscripts, EndAsWritten) {
  expect_as_written(Arrival::whole);
}

TEST(PostgresTranscripts, EndTheSameByteByByte) {
  expect_as_written(Arrival::byte_by_byte);
}

}  // namespace
}  // namespace cordon::testing
