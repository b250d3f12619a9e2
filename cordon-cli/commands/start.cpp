// cordon start: the proxy in the foreground.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include <cordon/control_client.hpp>
#include <cordon/proxy_server.hpp>
#include <cordon/token_set.hpp>

#include "approvals.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "exit.hpp"
#include "failure.hpp"
#include "free_port.hpp"
#include "listener_text.hpp"
#include "port_holder.hpp"
#include "process_settings.hpp"
#include "running_proxy.hpp"
#include "status_text.hpp"
#include "stop_signals.hpp"
#include "target.hpp"
#include "terminal_watch.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string level = "info";
  std::string format = "text";
};

constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};  // as in LogLevel

/// How long an instance that may run already may take to answer.
constexpr std::chrono::seconds kProbeTime{1};

LogLevel level_of(std::string_view name) {
  return static_cast<LogLevel>(std::ranges::find(kLevels, name) - kLevels.begin());
}

/// What says why there will be no proxy.
void refuse(const Context& context, const std::vector<std::string>& errors, std::string_view hint) {
  for (const std::string& error : errors)
    context.terminal.error(error);
  context.terminal.hint(hint);
}

std::string with_pid(const std::optional<PortHolder>& holder) {
  return holder ? fmt::format(" (pid {})", holder->pid) : std::string();
}

/// The instance runs. When it answers on its control socket it takes commands, else a signal ends it.
void refuse_running(const Context& context, const Options& options, const Instance& instance, std::uint16_t port) {
  const auto running = ControlClient(instance).status(kProbeTime);
  const auto holder = running ? std::nullopt : find_port_holder(port);
  const std::string pid = running ? fmt::format(" (pid {})", running->pid) : with_pid(holder);
  refuse(context, {fmt::format("already running: {} answers on 127.0.0.1:{}{}", instance.name, port, pid)},
         running ? fmt::format("to read the config again: {}; to end it: {}", command_line("reload", options.target),
                               command_line("stop", options.target))
                 : fmt::format("its control socket does not answer; end its process{}",
                               holder ? fmt::format(": kill {}", holder->pid) : ""));
}

std::string text_of(const std::optional<PortHolder>& holder) {
  return holder ? fmt::format("{}{}", holder->program, with_pid(holder)) : "another program";
}

/// The ports of listeners that are taken.
void refuse_listeners(const Context& context, const Options& options, const std::vector<Listener>& taken) {
  std::vector<std::string> texts;
  for (const Listener& listener : taken)
    texts.push_back(fmt::format("listener {}: port {} is taken by {}", listener.name, listener.port,
                                text_of(find_port_holder(listener.port))));
  const std::string edit = command_line("listener edit " + shell_quoted(taken.front().name), options.target);
  refuse(context, texts, fmt::format("end that program, or give the listener another port: {} --port PORT", edit));
}

/// A port that is taken: by whom, and what to do.
void refuse_port(const Context& context, const Options& options, const Target& target) {
  const std::uint16_t port = target.config.listen;
  std::vector<Listener> taken = target.config.listeners;
  std::erase_if(taken, [](const Listener& listener) { return is_free_port(listener.port); });
  if (is_free_port(port) && !taken.empty()) return refuse_listeners(context, options, taken);
  const auto holder = find_port_holder(port);
  const auto health = probe_health(port, std::chrono::milliseconds{500});
  const std::string own_port = fmt::format("set another `listen` in {}", target.instance.config.string());
  if (health && health->instance == target.instance.name)
    return refuse_running(context, options, target.instance, port);
  if (health && !health->instance.empty())
    return refuse(context,
                  {fmt::format("port {} is taken by another instance, {}{}", port, health->instance, with_pid(holder))},
                  own_port);
  refuse(context, {fmt::format("port {} is taken by {}", port, text_of(holder))},
         fmt::format("end that program, or {}", own_port));
}

Exit refuse_errors(const Context& context, const Options& options, const Target& target,
                   const std::vector<Error>& errors) {
  if (std::ranges::any_of(errors, [](const Error& e) { return e.code == Errc::port_in_use; })) {
    refuse_port(context, options, target);
    return Exit::failed;
  }
  report_errors(context, errors, target, options.target);
  const Exit exit = exit_of(errors);
  context.terminal.hint(fmt::format("nothing was started; {}, then: {}",
                                    exit == Exit::store_unavailable ? "make the store available" : "mend the above",
                                    command_line("start", options.target)));
  return exit;
}

std::string route_text(const Route& route) {
  return fmt::format("route {}: {}, secret from {}{}", route.name, destination_text(route.host, route.ports),
                     describe(route.secret), route.approved ? "" : ", not approved");
}

std::string listener_text(const Listener& listener) {
  return fmt::format("listener {}: 127.0.0.1:{} to {}, secret from {}{}", listener.name, listener.port,
                     upstream_text(listener), describe(listener.secret), listener.approved ? "" : ", not approved");
}

/// Without tokens every program that reaches the port may use the routes.
void warn_if_open(EventSink& sink, const Options& options, const Target& target) {
  if (TokenFile(target.instance.tokens).exists()) return;
  sink.on_notice(LogLevel::warn,
                 fmt::format("no token is asked for: every program may use the routes; to ask for one: {}",
                             command_line("token rotate", options.target)));
}

void announce(EventSink& sink, const Options& options, const Target& target, const ProxyServer& server) {
  for (const ConfigFault& warning : target.warnings)
    sink.on_notice(LogLevel::warn, warning.to_string());
  for (const std::uint32_t uid : target.config.allow_uids)
    sink.on_notice(LogLevel::warn, admitted_text(uid));
  warn_if_open(sink, options, target);
  for (const Route& route : target.config.routes)
    sink.on_notice(LogLevel::info, route_text(route));
  for (const Listener& listener : target.config.listeners)
    sink.on_notice(LogLevel::info, listener_text(listener));
  sink.on_notice(LogLevel::info, fmt::format("{} listens on 127.0.0.1:{}", target.instance.name, server.port()));
}

ProxyOptions proxy_options(const Target& target, EventSink& sink) {
  ProxyOptions options;
  options.instance = target.instance.name;
  options.tokens = target.instance.tokens;
  options.sink = &sink;
  return options;
}

Exit start(const Context& context, const Options& options, Target& target, const Surroundings& surroundings,
           StopSignals& signals) {
  const auto review = apply_approvals(context, target);
  if (!review) return refuse_errors(context, options, target, {review.error()});
  const auto sink = make_log(
      {.level = level_of(options.level), .format = options.format == "json" ? LogFormat::json : LogFormat::text});
  LogTee log(*sink);
  tell_unapproved(log, *review, options.target);
  auto server = ProxyServer::create(target.config, make_secret_store(context, target.config, surroundings),
                                    target.ca_paths(), proxy_options(target, log));
  if (!server) return refuse_errors(context, options, target, server.error());
  const auto tell = [&] {
    announce(log, options, target, *server);
    record_approvals(log, target, *review);
  };
  return serve(*server, {context, options.target, target.instance, surroundings, log, tell}, signals);
}

/// Whether nobody else can change the instance's state, and the instance does not run. What is wrong is already reported
/// when it is false.
bool may_start(const Context& context, const Options& options, const Instance& instance) {
  if (const auto safe = check_state_folder(instance); !safe) {
    refuse(context, {safe.error().message()},
           fmt::format("nothing was started; mend the above, then: {}", command_line("start", options.target)));
    return false;
  }
  const auto running = ControlClient(instance).status(kProbeTime);
  if (!running) return true;
  refuse_running(context, options, instance, running->proxy.port);
  return false;
}

Exit run(const Context& context, const Options& options) {
  const Surroundings surroundings{harden_process(), SupervisorNotifier(context.environment)};
  auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  if (!may_start(context, options, target->instance)) return Exit::failed;
  StopSignals signals(meaning_of_hang_up());
  const TerminalWatch watch([&signals] { signals.end_with_terminal(); });
  const Exit exit = start(context, options, *target, surroundings, signals);
  if (signals.insistent() != 0) StopSignals::die_of(signals.insistent());
  return exit;
}

/// launchd starts what fails again for ever, whatever the exit status was: it gets 0 where that cannot help.
Exit exit_for_supervisor(const Context& context, Exit exit) {
  const auto supervisor = context.environment.find("CORDON_SUPERVISOR");
  const bool knows_one_failure_only = supervisor != context.environment.end() && supervisor->second == "launchd";
  return knows_one_failure_only && exit == Exit::failed ? Exit::done : exit;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_option("--log-level", options->level, "trace, debug, info (default), warn or error")
      ->type_name("LEVEL")
      ->check(one_of({"trace", "debug", "info", "warn", "error"}));
  app.add_option("--log-format", options->format, "text (default) or json")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json"}));
  return [options](const Context& context) { return exit_for_supervisor(context, run(context, *options)); };
}

}  // namespace

const Command kStart = {
    .name = "start",
    .summary = "Run the proxy in the foreground",
    .arguments = "",
    .details =
        "Reads the config, fetches every secret once, makes the CA if there is none, and serves on\n"
        "127.0.0.1 until SIGINT, SIGTERM or `cordon stop`. Running requests then get 4 s; a second\n"
        "signal of the same kind ends at once. SIGHUP reloads the config, or ends like SIGTERM when\n"
        "there is a controlling terminal. The log goes to standard error.",
    .examples =
        "  cordon start\n"
        "  cordon start --config services/cordon.toml --log-format json\n"
        "  cordon start --scope user --log-level debug\n",
    .declare = declare,
};

}  // namespace cordon::cli
