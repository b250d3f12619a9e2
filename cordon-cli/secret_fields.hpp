// The keys of an entry's secret: the same for routes and listeners.
#pragma once

#include <algorithm>
#include <array>

#include "entry_kind.hpp"

namespace cordon::cli {

inline constexpr std::string_view kSourceKey = "auth.secret.source";
inline constexpr std::string_view kAccountKey = "auth.secret.account";
inline constexpr std::string_view kServiceKey = "auth.secret.service";

inline constexpr auto kSources = std::to_array<FieldChoice>({
    {"keyring", "the system's keyring; `cordon secret set` stores it there"},
    {"1password", "an item of 1Password, by its program `op`"},
    {"env", "an environment variable of the proxy"},
    {"file", "a file that only you can read"},
    {"command", "what another program prints, as `pass show x`"},
});

inline constexpr auto kSecretFields = std::to_array<EntryField>({
    {.flag = "--source",
     .key = kSourceKey,
     .type = "SOURCE",
     .help = "1password, keyring, env, file or command",
     .question = "Where is the secret?",
     .need = Need::required,
     .choices = kSources},
    {.flag = "--vault",
     .key = "auth.secret.vault",
     .type = "NAME",
     .help = "Of 1password: the vault",
     .question = "Vault",
     .selector = kSourceKey,
     .goes_with = "1password",
     .needed_with = "1password"},
    {.flag = "--item",
     .key = "auth.secret.item",
     .type = "NAME",
     .help = "Of 1password: the item",
     .question = "Item",
     .selector = kSourceKey,
     .goes_with = "1password",
     .needed_with = "1password"},
    {.flag = "--field",
     .key = "auth.secret.field",
     .type = "NAME",
     .help = "Of 1password: the field",
     .question = "Field",
     .selector = kSourceKey,
     .goes_with = "1password",
     .needed_with = "1password"},
    {.flag = "--account",
     .key = kAccountKey,
     .type = "NAME",
     .help = "Of keyring: the entry's name; of 1password: which account",
     .question = "Account",
     .selector = kSourceKey,
     .goes_with = "keyring 1password",
     .needed_with = "keyring"},
    {.flag = "--service",
     .key = kServiceKey,
     .type = "NAME",
     .help = "Of keyring: the service (default: cordon)",
     .question = "Service, if another program's",
     .selector = kSourceKey,
     .goes_with = "keyring"},
    {.flag = "--decode",
     .key = "auth.secret.decode",
     .type = "FORM",
     .help = "Of keyring: go-keyring, for entries of programs that use it",
     .selector = kSourceKey,
     .goes_with = "keyring"},
    {.flag = "--variable",
     .key = "auth.secret.variable",
     .type = "NAME",
     .help = "Of env: the variable",
     .question = "Variable",
     .selector = kSourceKey,
     .goes_with = "env",
     .needed_with = "env"},
    {.flag = "--path",
     .key = "auth.secret.path",
     .type = "PATH",
     .help = "Of file: the file that holds the secret",
     .question = "Path of the file",
     .selector = kSourceKey,
     .goes_with = "file",
     .needed_with = "file"},
    {.flag = "--argv",
     .key = "auth.secret.argv",
     .type = "WORD",
     .help = "Of command: the program and each argument, one --argv each",
     .question = "Command, as in a shell",
     .form = FieldForm::words,
     .selector = kSourceKey,
     .goes_with = "command",
     .needed_with = "command"},
    {.flag = "--timeout",
     .key = "auth.secret.timeout",
     .type = "TIME",
     .help = "Of command: how long it may take, as 15s",
     .selector = kSourceKey,
     .goes_with = "command"},
});

/// `own` with the fields of the secret behind them.
template <std::size_t kSize>
constexpr auto with_secret(const std::array<EntryField, kSize>& own) {
  std::array<EntryField, kSize + kSecretFields.size()> fields{};
  std::ranges::copy(kSecretFields, std::ranges::copy(own, fields.begin()).out);
  return fields;
}

}  // namespace cordon::cli
