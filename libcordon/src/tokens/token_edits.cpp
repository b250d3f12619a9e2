// TokenFile of <cordon/token_set.hpp>: tokens.toml on the disk.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <cordon/token_rotation.hpp>
#include <cordon/token_set.hpp>

#include "base/files.hpp"
#include "base/unique_fd.hpp"
#include "tokens/token_file.hpp"
#include "tokens/token_value.hpp"

namespace cordon {
namespace {

using tokens::StoredToken;
using Tokens = std::vector<StoredToken>;

constexpr std::chrono::seconds kLockPatience{5};

Result<Tokens> read_tokens(const std::filesystem::path& path) {
  const auto text = base::read_private_file(path, tokens::kMaxTokenFile);
  if (!text) return std::unexpected(text.error());
  return tokens::parse_tokens(text->view(), path);
}

Result<base::UniqueFd> lock_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  if (const auto made = base::make_private_folder(folder); !made) return std::unexpected(made.error());
  return base::lock_folder(folder, kLockPatience);
}

std::unexpected<Error> fail_unknown(const std::filesystem::path& path, std::string_view name) {
  return fail(Errc::token_invalid, tokens::is_token_name(name)
                                       ? fmt::format("there is no token `{}` in {}", name, path.native())
                                       : fmt::format("there is no token of this name in {}", path.native()));
}

Tokens::iterator find_token(Tokens& all, std::string_view name) {
  return std::ranges::find(all, name, [](const StoredToken& token) -> const std::string& { return token.info.name; });
}

Result<> renew(StoredToken& token, const TokenAnnouncement& announce) {
  auto value = tokens::make_token();
  if (!value) return std::unexpected(std::move(value).error());
  token.value = std::move(*value);
  token.info.created_at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return announce ? announce(token.info.name, token.value) : Result<>();
}

Result<> append_new(Tokens& all, std::string_view name, std::vector<std::string> routes) {
  all.push_back({{std::string(name), {}, std::move(routes)}, {}});
  return renew(all.back(), {});
}

enum class Missing : bool { refused, made };

/// Reads, lets `edit` change what was read, and writes it, all under the lock.
template <class Edit>
Result<> change(const std::filesystem::path& path, Missing missing, Edit edit) {
  if (missing == Missing::refused) {
    if (auto checked = base::check_private_file(path); !checked) return checked;  // before any folder is made
  }
  const auto lock = lock_folder_of(path);
  if (!lock) return std::unexpected(lock.error());
  auto all = read_tokens(path);
  if (!all && all.error().code == Errc::file_missing && missing == Missing::made) all = Tokens();
  if (!all) return std::unexpected(std::move(all).error());
  if (Result<> edited = edit(*all); !edited) return edited;
  base::WipedBuffer text;
  tokens::compose_tokens(*all, text);
  if (text.size() > tokens::kMaxTokenFile) {
    return fail(Errc::file_failed, fmt::format("{} would get too large; revoke tokens first", path.native()));
  }
  const auto written = base::write_file_whole(path, text.view(), 0600, base::Overwrite::yes);
  return written ? Result<>() : std::unexpected(written.error());
}

Result<> check_names(std::string_view name, const std::vector<std::string>& routes) {
  if (!tokens::is_token_name(name)) {
    return fail(Errc::config_invalid, "a token's name has 1 to 64 letters, digits, `.`, `_` and `-`");
  }
  if (std::ranges::all_of(routes, tokens::is_route_name)) return {};
  return fail(Errc::config_invalid, "what is given as a route cannot be a route's name");
}

}  // namespace

bool TokenFile::exists() const {
  struct stat info {};
  return ::lstat(path_.c_str(), &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Result<std::vector<TokenInfo>> TokenFile::list() const {
  auto all = read_tokens(path_);
  if (!all) return std::unexpected(std::move(all).error());
  std::vector<TokenInfo> list;
  for (StoredToken& token : *all)
    list.push_back(std::move(token.info));
  return list;
}

Result<TokenSet> TokenFile::load() const {
  auto all = read_tokens(path_);
  if (!all) return std::unexpected(std::move(all).error());
  std::vector<TokenEntry> entries;
  for (StoredToken& token : *all)
    entries.push_back({std::move(token.info), tokens::digest_of(token.value.reveal())});
  return TokenSet(std::move(entries));
}

Result<Secret> TokenFile::value(std::string_view name) const {
  auto all = read_tokens(path_);
  if (!all) return std::unexpected(std::move(all).error());
  const auto found = find_token(*all, name);
  if (found == all->end()) return fail_unknown(path_, name);
  return std::move(found->value);
}

Result<> TokenFile::create(std::string_view name, std::vector<std::string> routes) {
  if (auto checked = check_names(name, routes); !checked) return checked;
  return change(path_, Missing::made, [&](Tokens& all) -> Result<> {
    if (find_token(all, name) != all.end()) {
      return fail(Errc::config_invalid, fmt::format("there is a token `{}` already in {}", name, path_.native()));
    }
    if (find_token(all, kDefaultToken) == all.end() && name != kDefaultToken) {
      if (auto added = append_new(all, kDefaultToken, {}); !added) return added;
    }
    return append_new(all, name, std::move(routes));
  });
}

Result<> rotate_token(const std::filesystem::path& path, std::string_view name, const TokenAnnouncement& announce) {
  const Missing missing = name == kDefaultToken ? Missing::made : Missing::refused;
  return change(path, missing, [&](Tokens& all) -> Result<> {
    const auto found = find_token(all, name);
    if (found != all.end()) return renew(*found, announce);
    return name == kDefaultToken ? append_new(all, name, {}) : fail_unknown(path, name);
  });
}

Result<> TokenFile::rotate(std::string_view name) {
  return rotate_token(path_, name, {});
}

Result<std::vector<std::string>> rotate_all_tokens(const std::filesystem::path& path,
                                                   const TokenAnnouncement& announce) {
  std::vector<std::string> names;
  auto changed = change(path, Missing::made, [&](Tokens& all) -> Result<> {
    if (find_token(all, kDefaultToken) == all.end()) all.push_back({{std::string(kDefaultToken), {}, {}}, {}});
    for (StoredToken& token : all) {
      if (auto renewed = renew(token, announce); !renewed) return renewed;
      names.push_back(token.info.name);
    }
    return {};
  });
  if (!changed) return std::unexpected(std::move(changed).error());
  return names;
}

Result<std::vector<std::string>> TokenFile::rotate_all() {
  return rotate_all_tokens(path_, {});
}

Result<> TokenFile::revoke(std::string_view name) {
  if (name == kDefaultToken) {
    return fail(Errc::not_supported, "the token `default` stays: it can only be rotated");
  }
  return change(path_, Missing::refused, [&](Tokens& all) -> Result<> {
    const auto found = find_token(all, name);
    if (found == all.end()) return fail_unknown(path_, name);
    all.erase(found);
    return {};
  });
}

}  // namespace cordon
