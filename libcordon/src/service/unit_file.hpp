// The systemd user unit of a service, as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/definition.hpp"

namespace cordon::service {

/// The whole unit (systemd.unit(5), systemd.service(5), systemd.exec(5)). `systemd_version` is the manager's, such as 252: a
/// manager warns of settings that it does not know. `definition` has passed check_definition.
std::string compose_unit(const Definition& definition, int systemd_version);

/// What a unit that compose_unit wrote is for; nothing when it is somebody else's. Settings that were added by hand do not
/// matter.
std::optional<Written> read_unit(std::string_view text);

/// `text` as one word of a command line, an environment assignment or another quoted value: in double quotes, with what
/// systemd.syntax(7) and "Specifiers" in systemd.unit(5) give a meaning escaped. `text` has no control characters.
std::string quote_for_unit(std::string_view text);

}  // namespace cordon::service
