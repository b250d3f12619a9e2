// Background services as text and as JSON.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <cordon/service_installer.hpp>

#include "json_output.hpp"
#include "terminal.hpp"

namespace cordon::cli {

/// `running for 3 min, 2 restarts`, `waiting for its next try, after exit status 4`: what it does, and what it did last.
std::string service_state_text(const ServiceStatus& service, std::chrono::system_clock::time_point now);

/// The same with its label and whether it starts at login, on one line.
std::string service_line(const ServiceStatus& service, std::chrono::system_clock::time_point now);

Json service_json(const ServiceStatus& service);

void print_service(Terminal& terminal, const ServiceStatus& service, std::chrono::system_clock::time_point now);
void print_services(Terminal& terminal, const std::vector<ServiceStatus>& services);

}  // namespace cordon::cli
