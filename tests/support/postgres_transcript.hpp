// Plays the dialogues of tests/transcripts/postgres: what client or origin sends, and what the protocol's layer makes of it.
// Their format is described in tests/transcripts/postgres/README.md, for reviewers who read no C++.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/dialogues.hpp"

namespace cordon::testing {

/// Bytes that arrive, and what is expected then.
struct PostgresExchange {
  enum class From : unsigned char { client, origin };

  From from = From::client;
  std::string bytes;
  std::vector<std::string> expected;
};

/// One dialogue.
struct PostgresDialogue : DialogueHead {
  std::vector<PostgresExchange> exchanges;
};

/// Every dialogue of the folder's .txt files, in order. Throws std::runtime_error when one is malformed.
std::vector<PostgresDialogue> load_postgres_dialogues(const std::filesystem::path& folder);

/// How bytes come out of a socket.
enum class Arrival : unsigned char { whole, byte_by_byte };

/// The outcomes of each exchange, in order.
std::vector<std::vector<std::string>> play(const PostgresDialogue& dialogue, Arrival arrival);

}  // namespace cordon::testing
