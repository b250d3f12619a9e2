// cordon listener: the commands that add, change and show listeners. What they do is in entry_*.cpp and listener_kind.cpp.
#include <array>

#include "entry_commands.hpp"

namespace cordon::cli {
namespace {

constexpr std::array<const Command*, 5> kSubcommands = {&kListenerAdd, &kListenerEdit, &kListenerList, &kListenerShow,
                                                        &kListenerRemove};

}  // namespace

const Command kListener = {
    .name = "listener",
    .summary = "Add, change and show PostgreSQL listeners",
    .arguments = "",
    .details =
        "A listener is a local port for PostgreSQL clients, and the server and the role that they get\n"
        "there without a password. These commands change cordon.toml and leave everything else in it\n"
        "as it is: comments, order and formatting.",
    .examples = "",
    .subcommands = kSubcommands,
};

const Command kListenerAdd = {
    .name = "add",
    .summary = "Add a listener",
    .arguments = "",
    .details =
        "Adds a listener to cordon.toml, which is made if it is not there. Asks for what the options\n"
        "do not say; without a terminal, --upstream, --username, --source and what goes with it must\n"
        "be given. A running proxy knows it from its next `cordon reload` on, or at once with --reload,\n"
        "and listens on its port once it is started anew.",
    .examples =
        "  cordon listener add\n"
        "  cordon listener add --name prod-db --upstream db.example.com:5432 \\\n"
        "      --username app_user --source keyring --account prod-db\n"
        "  cordon listener add --name dev --port 15433 --upstream 127.0.0.1 --upstream-tls disable \\\n"
        "      --username dev --source file --path secrets/dev-db\n",
    .declare = [](CLI::App& app) { return declare_entry_add(kListenerKind, app); },
};

const Command kListenerEdit = {
    .name = "edit",
    .summary = "Change a listener",
    .arguments = "LISTENER",
    .details =
        "Changes what the options say and nothing else; without any, asks about everything, with\n"
        "what there is as the answer of an empty line. A running proxy goes by it from its next\n"
        "`cordon reload` on, or at once with --reload; by another port once it is started anew.",
    .examples =
        "  cordon listener edit prod-db\n"
        "  cordon listener edit prod-db --source env --variable PROD_DB_PASSWORD\n"
        "  cordon listener edit prod-db --upstream db2.example.com:5432 --unset upstream-ca-path --reload\n",
    .declare = [](CLI::App& app) { return declare_entry_edit(kListenerKind, app); },
};

const Command kListenerList = {
    .name = "list",
    .summary = "List the listeners",
    .arguments = "",
    .details = "Lists the listeners in the order of cordon.toml. Secrets are never shown, only where they lie.",
    .examples =
        "  cordon listener list\n"
        "  cordon listener list --json | jq -r .listeners[].port\n",
    .declare = [](CLI::App& app) { return declare_entry_list(kListenerKind, app); },
};

const Command kListenerShow = {
    .name = "show",
    .summary = "Show one listener",
    .arguments = "LISTENER",
    .details = "Shows all of one listener. Its secret is never shown, only where it lies.",
    .examples = "  cordon listener show prod-db\n",
    .declare = [](CLI::App& app) { return declare_entry_show(kListenerKind, app); },
};

const Command kListenerRemove = {
    .name = "remove",
    .summary = "Remove a listener",
    .arguments = "LISTENER",
    .details =
        "Takes a listener out of cordon.toml, with the comment right above it. Asks first; without a\n"
        "terminal, --yes must be given. Its secret stays where it is. From its next `cordon reload`\n"
        "on, or at once with --reload, a running proxy refuses sessions on its port; a restart gives\n"
        "the port up.",
    .examples =
        "  cordon listener remove prod-db\n"
        "  cordon listener remove prod-db --yes\n",
    .declare = [](CLI::App& app) { return declare_entry_remove(kListenerKind, app); },
};

}  // namespace cordon::cli
