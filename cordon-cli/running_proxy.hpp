// The running proxy of `cordon start`: signals, the control socket and reloads around ProxyServer::run.
#pragma once

#include <cstdint>
#include <functional>

#include <cordon/control_server.hpp>
#include <cordon/proxy_server.hpp>

#include "command.hpp"
#include "sd_notify.hpp"
#include "stop_signals.hpp"
#include "target.hpp"

namespace cordon::cli {

/// What the process was given, for what it starts.
struct Surroundings {
  std::uint64_t helper_descriptors;
  SupervisorNotifier supervisor;
};

/// A store for the config's secrets, whose helper programs get the surroundings that the process had.
SecretStore make_secret_store(const Context& context, const Config& config, const Surroundings& surroundings);

/// What a proxy is served with. All of it outlives the call of serve().
struct Serving {
  const Context& context;
  const TargetOptions& named;
  const Instance& instance;
  const Surroundings& surroundings;
  LogTee& log;
  std::function<void()> tell;  ///< Called when signals reach the server already, and nobody is told yet that it serves.
};

/// Opens the control socket, says that all is ready, and serves until a signal or `cordon stop` ends it.
Exit serve(ProxyServer& server, const Serving& serving, StopSignals& signals);

}  // namespace cordon::cli
