// cordon route: the commands that add, change, show and explain routes. What they do is in entry_*.cpp and route_kind.cpp.
#include <array>

#include "entry_commands.hpp"

namespace cordon::cli {
namespace {

constexpr std::array<const Command*, 6> kSubcommands = {&kRouteAdd,  &kRouteEdit,   &kRouteList,
                                                        &kRouteShow, &kRouteRemove, &kRouteExplain};

}  // namespace

const Command kRoute = {
    .name = "route",
    .summary = "Add, change, show and explain routes",
    .arguments = "",
    .details =
        "A route is a host and the credential that requests to it get. These commands change\n"
        "cordon.toml and leave everything else in it as it is: comments, order and formatting.",
    .examples = "",
    .subcommands = kSubcommands,
};

const Command kRouteAdd = {
    .name = "add",
    .summary = "Add a route",
    .arguments = "",
    .details =
        "Adds a route to cordon.toml, which is made if it is not there. Asks for what the options\n"
        "do not say; without a terminal, --host, --auth-type, --source and what goes with them must\n"
        "be given. For the hosts of well-known providers the way of authentication is known.\n"
        "A running proxy goes by it from its next `cordon reload` on, or at once with --reload.",
    .examples =
        "  cordon route add\n"
        "  cordon route add --host api.anthropic.com --source keyring --account anthropic\n"
        "  cordon route add --host api.example.com --auth-type header --header-name X-Api-Key \\\n"
        "      --source command --argv pass --argv show --argv example\n",
    .declare = [](CLI::App& app) { return declare_entry_add(kRouteKind, app); },
};

const Command kRouteEdit = {
    .name = "edit",
    .summary = "Change a route",
    .arguments = "ROUTE",
    .details =
        "Changes what the options say and nothing else; without any, asks about everything, with\n"
        "what there is as the answer of an empty line. A running proxy goes by it from its next\n"
        "`cordon reload` on, or at once with --reload.",
    .examples =
        "  cordon route edit stripe\n"
        "  cordon route edit stripe --source env --variable STRIPE_KEY --reload\n"
        "  cordon route edit stripe --port 443 --port 8443 --unset upstream-ca-path\n",
    .declare = [](CLI::App& app) { return declare_entry_edit(kRouteKind, app); },
};

const Command kRouteList = {
    .name = "list",
    .summary = "List the routes",
    .arguments = "",
    .details = "Lists the routes in the order in which they are tried. Secrets are never shown, only where\nthey lie.",
    .examples =
        "  cordon route list\n"
        "  cordon route list --json | jq -r .routes[].host\n",
    .declare = [](CLI::App& app) { return declare_entry_list(kRouteKind, app); },
};

const Command kRouteShow = {
    .name = "show",
    .summary = "Show one route",
    .arguments = "ROUTE",
    .details = "Shows all of one route. Its secret is never shown, only where it lies.",
    .examples = "  cordon route show stripe\n",
    .declare = [](CLI::App& app) { return declare_entry_show(kRouteKind, app); },
};

const Command kRouteRemove = {
    .name = "remove",
    .summary = "Remove a route",
    .arguments = "ROUTE",
    .details =
        "Takes a route out of cordon.toml, with the comment right above it. Asks first; without a\n"
        "terminal, --yes must be given. Its secret stays where it is. A running proxy goes by it\n"
        "from its next `cordon reload` on, or at once with --reload.",
    .examples =
        "  cordon route remove stripe\n"
        "  cordon route remove stripe --yes\n",
    .declare = [](CLI::App& app) { return declare_entry_remove(kRouteKind, app); },
};

}  // namespace cordon::cli
