#include "service/installer.hpp"

#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace cordon::service {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// How long after READY the manager may take to have heard of it.
constexpr std::chrono::seconds kSettling{10};
constexpr std::chrono::milliseconds kInterval{100};
/// How long a service that was told to start may look as if it was not, before that is believed.
constexpr std::chrono::seconds kTakingOff{3};
/// The log's last lines may be on their way when the manager knows of the end already.
constexpr std::chrono::milliseconds kLogLag{300};
constexpr int kLogLines = 20;

std::string end_text(const std::optional<ServiceEnd>& end) {
  if (!end) return "ended";
  return end->killed ? fmt::format("was killed by signal {}", end->number)
                     : fmt::format("ended with status {}", end->number);
}

/// Tells whether a service that was started has ended since, asking its manager not more often than it can bear.
class Watch {
 public:
  Watch(const ServiceManager& manager, const Unit& unit) : manager_(manager), unit_(unit) {}

  bool has_ended() {
    const auto now = Clock::now();
    if (ended_ || now < next_look_) return ended_;
    next_look_ = now + kInterval;
    if (const auto seen = manager_.observe(unit_)) {
      seen_ = *seen;
      ended_ = seen_.state == ServiceState::failed || seen_.state == ServiceState::waiting ||
               (seen_.state == ServiceState::stopped && now - began_ > kTakingOff);
    }
    return ended_;
  }

  const Observation& seen() const { return seen_; }

 private:
  const ServiceManager& manager_;
  const Unit& unit_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point next_look_ = began_;
  Observation seen_;
  bool ended_ = false;
};

std::unexpected<ServiceFailure> fail_with(Error error) {
  return std::unexpected(ServiceFailure{std::move(error), {}, {}, {}});
}

bool is_up(ServiceState state) {
  return state == ServiceState::running || state == ServiceState::starting || state == ServiceState::waiting;
}

}  // namespace

Installer::Installer(std::unique_ptr<ServiceManager> manager, Environment environment)
    : manager_(std::move(manager)), environment_(std::move(environment)) {
}

std::expected<InstallReport, ServiceFailure> Installer::install(const ServiceRequest& request,
                                                                const AwaitReady& await_ready) {
  auto plan = plan_install(request);
  if (!plan) return fail_with(std::move(plan.error()));
  std::vector<fs::path> made;
  if (auto applied = apply(*plan, await_ready, made); !applied) {
    ServiceFailure failure = std::move(applied.error());
    failure.not_undone = put_back(*plan, made);
    return std::unexpected(std::move(failure));
  }
  const InstallChange change = !plan->previous                   ? InstallChange::installed
                               : plan->previous == plan->content ? InstallChange::unchanged
                                                                 : InstallChange::updated;
  return InstallReport{change, status_of({plan->unit, plan->written}), manager_->linger()};
}

/// Everything that can be refused before anything is changed.
Result<Installer::Plan> Installer::plan_install(const ServiceRequest& request) const {
  const Definition definition{request.name, request.program, request.config,
                              service_environment(environment_, request.config)};
  if (auto good = check_definition(definition); !good) return std::unexpected(good.error());
  if (auto free = check_free(request); !free) return std::unexpected(free.error());
  auto folder = manager_->folder();
  if (!folder) return std::unexpected(folder.error());
  Plan plan{.unit = {request.name, *folder / manager_->file_name(request.name)},
            .written = {request.program, request.config},
            .content = {},
            .previous = {},
            .before = {},
            .log = manager_->mark_log(request.name)};
  auto content = manager_->compose(definition);
  auto previous = read_service_file(plan.unit.file);
  auto before = manager_->observe(plan.unit);
  if (!content) return std::unexpected(content.error());
  if (!previous) return std::unexpected(previous.error());
  if (!before) return std::unexpected(before.error());
  if (!before->file.empty() && before->file != plan.unit.file)
    return fail(Errc::service_taken, fmt::format("{} is already the name of {}: choose another name",
                                                 manager_->label(request.name), before->file.native()));
  plan.content = *std::move(content);
  plan.previous = *std::move(previous);
  plan.before = *std::move(before);
  return plan;
}

/// Whether neither the name nor the config belongs to another service.
Result<> Installer::check_free(const ServiceRequest& request) const {
  if (const auto named = find_installed(*manager_, request.name); named) {
    if (named->written.config != request.config)
      return fail(Errc::service_taken,
                  fmt::format("the service {0} is for another config, {1}: choose another name, or remove it: "
                              "cordon service uninstall {0}",
                              request.name, named->written.config.native()));
  } else if (named.error().code == Errc::service_taken) {
    return fail(Errc::service_taken, named.error().context + ": choose another name, or remove that file yourself");
  }
  for (const Installed& service : find_installed(*manager_))
    if (service.written.config == request.config && service.unit.name != request.name)
      return fail(Errc::service_taken,
                  fmt::format("{0} has a service already, {1}: remove it first: cordon service uninstall {1}",
                              request.config.native(), service.unit.name));
  return {};
}

Installer::Started Installer::apply(const Plan& plan, const AwaitReady& await_ready, std::vector<fs::path>& made) {
  const bool same = plan.previous == plan.content;
  if (!same) {
    auto written = write_service_file(plan.unit.file, plan.content);
    if (!written) return fail_with(std::move(written.error()));
    made = *std::move(written);
  }
  if (!same || !plan.before.enabled)
    if (auto enabled = manager_->enable(plan.unit); !enabled) return fail_with(std::move(enabled.error()));
  if (same && plan.before.state == ServiceState::running) return wait_until_ready(plan.unit, await_ready);
  return start_and_wait(plan.unit, await_ready);
}

Installer::Started Installer::start_and_wait(const Unit& unit, const AwaitReady& await_ready) const {
  const LogMark began = manager_->mark_log(unit.name);
  if (auto started = manager_->start(unit); !started) return fail_with(std::move(started.error()));
  auto ready = wait_until_ready(unit, await_ready);
  if (ready) return ready;
  std::this_thread::sleep_for(kLogLag);
  ready.error().log = manager_->log_end(unit.name, {kLogLines, began}).value_or(std::string());
  return ready;
}

Installer::Started Installer::wait_until_ready(const Unit& unit, const AwaitReady& await_ready) const {
  Watch watch(*manager_, unit);
  auto ready = await_ready([&watch] { return watch.has_ended(); });
  if (!ready && ready.error().code != Errc::cancelled) return fail_with(std::move(ready.error()));
  for (const auto until = Clock::now() + kSettling; Clock::now() < until && !watch.has_ended();) {
    // launchd does not show the services of another session than the one that asks.
    const ServiceState state = watch.seen().state;
    if (state == ServiceState::running || state == ServiceState::unknown) return {};
    std::this_thread::sleep_for(kInterval);
  }
  const std::string label = manager_->label(unit.name);
  if (!watch.has_ended())
    return fail_with({Errc::service_failed, fmt::format("{} serves, but was not started as {}", unit.name, label)});
  ServiceFailure failure{
      {Errc::service_failed, fmt::format("{} {}", label, end_text(watch.seen().last_end))}, {}, {}, {}};
  failure.end = watch.seen().last_end;
  return std::unexpected(std::move(failure));
}

std::vector<Error> Installer::put_back(const Plan& plan, const std::vector<fs::path>& made) {
  std::vector<Error> errors;
  const auto note = [&errors](const auto& done) {
    if (!done) errors.push_back(done.error());
  };
  if (!plan.previous) {
    note(remove(plan.unit, made));
    manager_->drop_log(plan.unit.name, plan.log);
    return errors;
  }
  if (plan.previous == plan.content && plan.before.state == ServiceState::running) return errors;
  note(manager_->stop(plan.unit));
  note(write_service_file(plan.unit.file, *plan.previous));
  note(manager_->enable(plan.unit));
  if (!plan.before.enabled) note(manager_->disable(plan.unit));
  if (is_up(plan.before.state)) note(manager_->start(plan.unit));
  return errors;
}

/// Goes on after a failure, so that as little as possible is left; the first one is returned.
Result<> Installer::remove(const Unit& unit, const std::vector<fs::path>& made) {
  Result<> first;
  const auto keep = [&first](Result<> done) {
    if (!done && first) first = std::move(done);
  };
  keep(manager_->stop(unit));
  keep(manager_->disable(unit));
  keep(remove_service_file(unit.file, made));
  keep(manager_->forget(unit));
  return first;
}

Result<bool> Installer::uninstall(std::string_view name) {
  const auto service = find_installed(*manager_, name);
  if (!service && service.error().code == Errc::file_missing) return remove_stray(name);
  if (!service) return std::unexpected(service.error());
  // Without the manager the service would go on without its file.
  if (auto reached = manager_->folder(); !reached) return std::unexpected(reached.error());
  if (auto removed = remove(service->unit, {}); !removed) return std::unexpected(removed.error());
  return true;
}

/// What still runs of a service whose file somebody has removed.
Result<bool> Installer::remove_stray(std::string_view name) {
  const Unit unit{std::string(name), {}};
  const auto seen = manager_->observe(unit);
  // Without a manager nothing runs.
  if (!seen || seen->state == ServiceState::stopped || seen->state == ServiceState::unknown) return false;
  std::error_code ignored;
  if (fs::exists(seen->file, ignored)) return false;  // it is somebody else's, in another folder
  if (auto stopped = manager_->stop(unit); !stopped) return std::unexpected(stopped.error());
  (void)manager_->disable(unit);  // some versions refuse, there being no file
  if (auto forgotten = manager_->forget(unit); !forgotten) return std::unexpected(forgotten.error());
  return true;
}

Installer::Started Installer::start(std::string_view name, const AwaitReady& await_ready) {
  auto service = find_installed(*manager_, name);
  if (!service) return fail_with(std::move(service.error()));
  auto seen = manager_->observe(service->unit);
  if (!seen) return fail_with(std::move(seen.error()));
  if (seen->state == ServiceState::running || seen->state == ServiceState::starting)
    return wait_until_ready(service->unit, await_ready);
  return start_and_wait(service->unit, await_ready);
}

Installer::Started Installer::restart(std::string_view name, const AwaitReady& await_ready) {
  auto service = find_installed(*manager_, name);
  if (!service) return fail_with(std::move(service.error()));
  return start_and_wait(service->unit, await_ready);
}

Result<> Installer::stop(std::string_view name) {
  const auto service = find_installed(*manager_, name);
  if (!service) return std::unexpected(service.error());
  return manager_->stop(service->unit);
}

Result<ServiceStatus> Installer::status(std::string_view name) const {
  const auto service = find_installed(*manager_, name);
  if (!service) return std::unexpected(service.error());
  return status_of(*service);
}

std::vector<ServiceStatus> Installer::list() const {
  std::vector<ServiceStatus> out;
  for (const Installed& service : find_installed(*manager_))
    out.push_back(status_of(service));
  return out;
}

std::optional<ServiceStatus> Installer::find(const fs::path& config) const {
  for (const Installed& service : find_installed(*manager_))
    if (service.written.config == config) return status_of(service);
  return std::nullopt;
}

ServiceStatus Installer::status_of(const Installed& service) const {
  ServiceStatus status;
  status.name = service.unit.name;
  status.label = manager_->label(service.unit.name);
  status.file = service.unit.file;
  status.program = service.written.program;
  status.config = service.written.config;
  auto seen = manager_->observe(service.unit);
  if (!seen) {
    status.trouble = std::move(seen.error());
    return status;
  }
  status.enabled = seen->enabled;
  status.state = seen->state;
  status.pid = seen->pid;
  status.restarts = seen->restarts;
  status.since = seen->since;
  status.last_end = seen->last_end;
  return status;
}

}  // namespace cordon::service
