// cordon secret: puts secrets into the system's keyring, and tries whether those of a config can be had.
#include <array>

#include "command.hpp"

namespace cordon::cli {

namespace {
constexpr std::array<const Command*, 3> kSecretCommands = {&kSecretSet, &kSecretCheck, &kSecretDelete};
}  // namespace

const Command kSecret = {
    .name = "secret",
    .summary = "Store, try and delete the secrets of routes and listeners",
    .arguments = "",
    .details =
        "The secrets behind a config, by the names of its routes and listeners. None of these\n"
        "commands ever shows one.",
    .examples = "",
    .subcommands = kSecretCommands,
};

}  // namespace cordon::cli
