// A config file that is a symbolic link: what is about to be changed is another file.
#pragma once

#include "target.hpp"

namespace cordon::cli {

/// Whether the instance's config file may be edited: a link is followed, and the file that it leads to is named. Not one of a
/// project to a config of the user's own folder, which other instances go by: false then, and already reported.
bool may_edit_linked(const Context& context, const Instance& instance);

}  // namespace cordon::cli
