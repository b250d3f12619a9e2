#include "wait_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cordon/control_client.hpp>

#include "port_holder.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

void report(const Terminal& terminal, const Error& error, const Target& target, const TargetOptions& named,
            const PatienceOptions& patience) {
  if (error.code == Errc::timed_out) {
    terminal.error(not_ready_text(target, patience.timeout, error));
    terminal.hint(fmt::format("start it in another terminal: {}", command_line("start", named)));
    return;
  }
  terminal.error(error.message());
  if (error.code == Errc::wrong_instance || error.code == Errc::upstream_protocol)
    terminal.hint(
        fmt::format("this config is {}; give it a `listen` port of its own", target.instance.config.string()));
}

}  // namespace

std::string check_duration(const std::string& text) {
  return parse_duration(text) ? std::string() : fmt::format("`{}` is no time; write it as 60s, 250ms or 2m", text);
}

void add_patience_options(CLI::App& app, PatienceOptions& options) {
  app.add_option("--timeout", options.timeout, "Give up after this time (default: 60s)")
      ->type_name("TIME")
      ->check(check_duration);
  app.add_option("--interval", options.interval, "Time between two tries (default: 50ms)")
      ->type_name("TIME")
      ->check(check_duration);
}

std::string not_ready_text(const Target& target, std::string_view timeout, const Error& why) {
  return fmt::format("{} was not ready within {}: {}", target.instance.name, timeout, why.message());
}

Result<> wait_for(const Context& context, const Target& target, const TargetOptions& named,
                  const PatienceOptions& patience) {
  WaitOptions options;
  options.port = target.config.listen;
  options.instance = target.instance.name;
  options.timeout = parse_duration(patience.timeout).value_or(options.timeout);
  options.interval = parse_duration(patience.interval).value_or(options.interval);
  // No signal is caught: Ctrl-C ends the process as the shell expects, with status 130.
  auto healthy = wait_until_healthy(options);
  if (healthy && is_held_by_another_user(options.port))
    healthy = fail(Errc::wrong_instance, fmt::format("another user's program listens on port {} and calls itself {}",
                                                     options.port, options.instance));
  if (!healthy) report(context.terminal, healthy.error(), target, named, patience);
  return healthy;
}

}  // namespace cordon::cli
