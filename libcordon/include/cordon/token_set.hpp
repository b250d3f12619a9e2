// File: token_set.hpp
//
// The proxy tokens that are accepted, and tokens.toml, the file that they are kept in. A client shows its token as the password
// of a Basic Proxy-Authorization: `http://<instance>:<token>@127.0.0.1:<port>`. docs/tokens.md explains them for users.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

namespace cordon {

/// The name of the token that is always there.
inline constexpr std::string_view kDefaultToken = "default";

/// The SHA-256 of a token's value: what is compared and kept in its place.
using TokenDigest = std::array<std::uint8_t, 32>;

/// What may be told of a token: everything but its value.
struct TokenInfo {
  std::string name;
  std::chrono::sys_seconds created_at;
  std::vector<std::string> routes;  ///< The routes that it may use; empty: all of them.

  bool may_use(std::string_view route) const noexcept;
  bool operator==(const TokenInfo&) const = default;
};

/// A token as it is accepted.
struct TokenEntry {
  TokenInfo info;
  TokenDigest digest{};
  bool operator==(const TokenEntry&) const = default;
};

/// The tokens accepted at one moment. Immutable; holds digests only.
class TokenSet {
 public:
  /// A set that accepts nothing.
  TokenSet() = default;
  explicit TokenSet(std::vector<TokenEntry> entries) : entries_(std::move(entries)) {}

  /// The entry of the token whose value is `value`, or null. Looks at every entry, whichever is the right one: the time
  /// taken tells nothing of a value. The entry lives as long as the set.
  const TokenEntry* find(std::string_view value) const noexcept;

  /// The same for a digest that an entry had: is that token still accepted?
  const TokenEntry* find(const TokenDigest& digest) const noexcept;

  std::span<const TokenEntry> entries() const noexcept { return entries_; }

 private:
  std::vector<TokenEntry> entries_;
};

/// tokens.toml. Each change is made under a lock, so that two processes do not lose each other's, and is written whole: readers
/// see the old file or the new one. The folder is made 0700, the file is 0600; one that others can read or change is refused.
/// Every call blocks on the disk and may come from any thread. Their errors: config_invalid (the file's faults, each with its
/// line), file_unsafe (the context has the command to run), file_failed, and those named below.
class TokenFile {
 public:
  explicit TokenFile(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const noexcept { return path_; }

  /// Whether there is something at the path, be it unusable: tokens are enforced then.
  bool exists() const;

  /// The tokens in the file's order. @returns file_missing
  Result<std::vector<TokenInfo>> list() const;

  /// The set to accept. @returns file_missing
  Result<TokenSet> load() const;

  /// The value of one token, for its client. @returns file_missing, token_invalid (there is none of this name)
  Result<Secret> value(std::string_view name) const;

  /// Adds a token with a new random value, for `routes` only unless that is empty. A missing file is made, with the default
  /// token first. @returns config_invalid also when the name is not 1 to 64 letters, digits, `.`, `_` and `-`, when a
  /// route's name can be none, or when there is a token of this name already
  Result<> create(std::string_view name, std::vector<std::string> routes);

  /// Gives a token a new value; its scope stays. For the default token a missing file, and the token, are made.
  /// @returns file_missing and token_invalid (there is none of this name) for any other
  Result<> rotate(std::string_view name);

  /// Gives every token a new value. A missing file is made, with the default token. @returns the names
  Result<std::vector<std::string>> rotate_all();

  /// Removes a token. @returns file_missing, token_invalid, not_supported for the default token, which stays
  Result<> revoke(std::string_view name);

 private:
  std::filesystem::path path_;
};

}  // namespace cordon
