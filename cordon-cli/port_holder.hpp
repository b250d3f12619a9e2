// Which program listens on a port, for the message that says the port is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cordon::cli {

struct PortHolder {
  int pid = 0;
  std::string program;
};

/// The program that listens on 127.0.0.1:`port` or on every address. Nothing where the system does not tell: another
/// user's process, one that is not dumpable (unless asked by root), or a system without /proc.
std::optional<PortHolder> find_port_holder(std::uint16_t port);

/// Whether the program that listens on 127.0.0.1:`port` runs as another user than this one and root: what answers there is then no
/// instance of this user's, whatever it calls itself. False where the system does not tell (macOS).
bool is_held_by_another_user(std::uint16_t port);

}  // namespace cordon::cli
