// cordon route: the group of the commands that add, change, show and explain routes.
#include <array>

#include "command.hpp"

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

}  // namespace cordon::cli
