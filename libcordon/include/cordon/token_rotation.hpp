// File: token_rotation.hpp
//
// New values for tokens whose clients are known: the client is given its new token before tokens.toml has it, so that nothing that
// fails between the two shuts it out. TokenFile (token_set.hpp) rotates tokens whose clients fetch them themselves.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

namespace cordon {

/// Told a token's new value before tokens.toml has it. Called under that file's lock: it may read the file, not change it. When
/// it fails, the file stays as it is. May be null.
using TokenAnnouncement = std::function<Result<>(std::string_view name, const Secret& value)>;

/// Gives one token of the tokens.toml at `path` a new value; as TokenFile::rotate. @returns also what `announce` returned
Result<> rotate_token(const std::filesystem::path& path, std::string_view name, const TokenAnnouncement& announce);

/// Gives every token a new value; as TokenFile::rotate_all. @returns the names
Result<std::vector<std::string>> rotate_all_tokens(const std::filesystem::path& path,
                                                   const TokenAnnouncement& announce);

}  // namespace cordon
