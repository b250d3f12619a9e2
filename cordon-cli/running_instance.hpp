// What `status`, `reload`, `stop` and `logs` share: the running instance that --config or --scope names.
#pragma once

#include <chrono>
#include <optional>

#include <cordon/control_client.hpp>

#include "command.hpp"
#include "target.hpp"

namespace cordon::cli {

/// How long an instance that is well may take for an answer that it has at hand.
inline constexpr std::chrono::seconds kAnswerTime{5};

/// An instance that may run, and the way to it. Its config need be neither valid nor there any more.
struct RunningInstance {
  Instance instance;
  ControlClient client;
};

/// What is wrong is already reported when nothing is returned.
std::optional<RunningInstance> find_instance(const Context& context, const TargetOptions& options);

/// Says why the instance could not be asked, and what to do.
Exit report_unreachable(const Context& context, const TargetOptions& options, const Instance& instance,
                        const Error& error);

}  // namespace cordon::cli
