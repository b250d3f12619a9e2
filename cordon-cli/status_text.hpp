// The status of a running instance for a person's eyes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/control_client.hpp>
#include <cordon/service_installer.hpp>

#include "terminal.hpp"

namespace cordon::cli {

/// `service` is the background service of the same config, if there is one.
void print_status(Terminal& terminal, const InstanceStatus& status, const std::optional<ServiceStatus>& service,
                  std::chrono::system_clock::time_point now);

/// `api.example.com:443,8443`, `[::1]:*`.
std::string destination_text(std::string_view host, const PortSet& ports);

/// What is known of a route's secret: source, age, last error; never a value.
std::string secret_text(const SecretStatus& secret, std::chrono::system_clock::time_point now);

/// `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`: two units at most.
std::string rough_time(std::chrono::system_clock::duration time);

}  // namespace cordon::cli
