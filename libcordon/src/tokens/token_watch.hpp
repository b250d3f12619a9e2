// tokens.toml as it is now, for a proxy that runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include <cordon/event_sink.hpp>
#include <cordon/token_set.hpp>

namespace cordon::tokens {

/// Follows one file. Each call looks at it (one system call) and reads it only when it has changed, so a change holds for the
/// next request. Thread-safe.
///
/// As long as the file has never been there, tokens are not enforced. Once it has been seen they are, for good: while it is
/// missing, unreadable, unsafe or faulty, nothing is accepted.
class TokenWatch {
 public:
  /// An empty path is never looked at, and never enforces anything. `sink`, which outlives the watch, is told of each change
  /// once.
  TokenWatch(std::filesystem::path path, EventSink& sink) : path_(std::move(path)), sink_(sink) {}

  /// What is accepted at this moment; null: everything, tokens are not enforced. The same pointer as before when nothing has
  /// changed.
  std::shared_ptr<const TokenSet> current();

 private:
  /// What a change of the file changes.
  struct Stamp {
    bool present = false;
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, written = 0, changed = 0;  // times in ns
    bool operator==(const Stamp&) const = default;
  };

  Stamp look() const;
  void refresh();
  void accept(TokenSet tokens);
  void close(std::string reason);
  static bool may_change_unseen(const Stamp& stamp);

  const std::filesystem::path path_;
  EventSink& sink_;

  std::mutex mutex_;  // for what follows; held across a read of the file, which all would wait for anyway
  Stamp stamp_;
  bool settled_ = true;                     ///< A change that stamp_ does not tell is out of the question.
  std::string reason_;                      ///< Why nothing is accepted; empty when the file is good.
  std::shared_ptr<const TokenSet> tokens_;  // shared with the requests that began with it
};

}  // namespace cordon::tokens
