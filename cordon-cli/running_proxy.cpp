#include "running_proxy.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "approvals.hpp"
#include "reloader.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

/// How long after the stop the end waits for a reload, whose secrets may take their time. Running requests get 4 s, and
/// supervisors kill after 5 s.
constexpr std::chrono::milliseconds kReloadPatience{4'500};

std::string_view signal_name(int signal) {
  return signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "SIGHUP";
}

/// What sd_notify(3) asks for when a reload begins.
std::string reloading_state() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000);
}

std::vector<Error> errors_of(const std::vector<ConfigFault>& faults) {
  std::vector<Error> errors;
  for (const ConfigFault& fault : faults)
    errors.push_back({Errc::config_invalid, fault.to_string()});
  return errors;
}

class RunningProxy {
  using Clock = std::chrono::steady_clock;

 public:
  RunningProxy(ProxyServer& server, const Serving& serving)
      : server_(server), serving_(serving), reloader_([this] { return reload(); }) {}

  Exit run(StopSignals& signals) {
    signals.deliver_to([this](int signal, StopMode mode) { stop(signal_name(signal), mode); },
                       [this] { reloader_.request(); });
    serving_.tell();
    const auto control = open_control_socket();
    supervisor().send("READY=1");
    const auto served = server_.run();
    // It is ending already, and the server with it.
    signals.deliver_to([](int /*signal*/, StopMode /*mode*/) {}, {});
    if (!served) serving_.log.on_notice(LogLevel::error, served.error().message());
    const Exit exit = served ? Exit::done : Exit::failed;
    if (!reloader_.end(patience_left())) {
      // Nothing can hurry a secret store, and nobody waits for its answer any more.
      if (control) (void)::unlink(control->socket().c_str());
      std::_Exit(static_cast<int>(exit));
    }
    return exit;
  }

 private:
  const SupervisorNotifier& supervisor() const { return serving_.surroundings.supervisor; }

  std::chrono::milliseconds patience_left() const {
    using std::chrono::milliseconds;
    const auto since = std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch() - stopped_at_.load());
    return std::clamp(kReloadPatience - since, milliseconds(0), milliseconds(1'000));
  }

  void stop(std::string_view why, StopMode mode) {
    const bool graceful = mode == StopMode::graceful;
    serving_.log.on_notice(LogLevel::info,
                           fmt::format("{}: stopping{}", why, graceful ? ", running requests may finish" : " at once"));
    if (!stopping_.exchange(true)) stopped_at_ = Clock::now().time_since_epoch();
    if (graceful) supervisor().send("STOPPING=1");
    server_.stop(mode);
  }

  std::optional<ControlServer> open_control_socket();
  ReloadOutcome reload();
  ReloadOutcome attempt_reload();
  ReloadOutcome go_through_start();
  ReloadReport complete(ReloadReport report, const Target& target, const BindingReview& review) const;

  ProxyServer& server_;
  const Serving& serving_;
  std::atomic<bool> stopping_ = false;
  std::atomic<Clock::duration> stopped_at_{};
  Reloader reloader_;
};

/// The proxy works without it, so that it cannot be had is only warned of.
std::optional<ControlServer> RunningProxy::open_control_socket() {
  ControlHandlers handlers = {.status = [this] { return server_.status(); },
                              .reload = [this] { return reloader_.run(); },
                              .stop = [this](StopMode mode) { stop("cordon stop", mode); },
                              .forget_secret = [this](std::string_view name) { return server_.forget_secret(name); }};
  auto control = ControlServer::start({.sockets = serving_.instance.control_sockets,
                                       .config = serving_.instance.config,
                                       .handlers = std::move(handlers),
                                       .log = &serving_.log});
  if (control) return *std::move(control);
  serving_.log.on_notice(LogLevel::warn, fmt::format("status, reload, stop and logs will not find this proxy: {}",
                                                     control.error().message()));
  return std::nullopt;
}

ReloadOutcome RunningProxy::reload() {
  supervisor().send(reloading_state());
  auto outcome = attempt_reload();
  if (outcome) {
    for (const std::string& warning : outcome->warnings)
      serving_.log.on_notice(LogLevel::warn, warning);
    serving_.log.on_notice(LogLevel::info, fmt::format("reloaded {}", serving_.instance.config.string()));
  } else {
    for (const Error& error : outcome.error())
      serving_.log.on_notice(LogLevel::error, error.message());
    serving_.log.on_notice(LogLevel::error, fmt::format("not reloaded, everything stays as it was: {}",
                                                        counted(outcome.error().size(), "fault")));
  }
  if (!stopping_) supervisor().send("READY=1");
  return outcome;
}

/// Without memory, or a thread to fetch secrets with, it is one reload that fails as any other may.
ReloadOutcome RunningProxy::attempt_reload() {
  try {
    return go_through_start();
  } catch (const std::exception&) {
    return std::unexpected(std::vector{Error{Errc::internal, "the reload ran out of memory or threads"}});
  }
}

/// The start-up sequence once more, as `cordon start` goes through it.
ReloadOutcome RunningProxy::go_through_start() {
  auto loaded = Config::load(serving_.instance.config);
  if (!loaded) return std::unexpected(errors_of(loaded.error()));
  Target target{serving_.instance, std::move(loaded->config), std::move(loaded->warnings)};
  const auto review = apply_approvals(serving_.context, target);
  if (!review) return std::unexpected(std::vector{review.error()});
  auto secrets = make_secret_store(serving_.context, target.config, serving_.surroundings);
  auto reloaded = server_.reload(target.config, std::move(secrets), target.ca_paths());
  if (!reloaded) return std::unexpected(std::move(reloaded.error()));
  record_approvals(serving_.log, target, *review);
  return complete(*std::move(reloaded), target, *review);
}

/// What is doubtful about a config that is in use now.
ReloadReport RunningProxy::complete(ReloadReport report, const Target& target, const BindingReview& review) const {
  if (!report.warnings.empty())  // of a changed `listen`
    report.warnings.push_back(fmt::format("to restart: {} && {}", command_line("stop", serving_.named),
                                          command_line("start", serving_.named)));
  for (const ConfigFault& warning : target.warnings)
    report.warnings.push_back(warning.to_string());
  for (const std::uint32_t uid : target.config.allow_uids)
    report.warnings.push_back(admitted_text(uid));
  for (std::string& warning : unapproved_warnings(review, serving_.named))
    report.warnings.push_back(std::move(warning));
  return report;
}

}  // namespace

SecretStore make_secret_store(const Context& context, const Config& config, const Surroundings& surroundings) {
  auto secrets = SecretStore::create(config.secrets, context.environment);
  secrets.limit_helper_descriptors(surroundings.helper_descriptors);
  return secrets;
}

Exit serve(ProxyServer& server, const Serving& serving, StopSignals& signals) {
  return RunningProxy(server, serving).run(signals);
}

}  // namespace cordon::cli
