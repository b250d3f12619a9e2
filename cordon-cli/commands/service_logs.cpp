// cordon service logs: what a background service wrote.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <system_error>

#include "become.hpp"
#include "command.hpp"
#include "json_output.hpp"
#include "service_choice.hpp"
#include "service_text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  ServiceOptions service;
  int lines = 100;
  bool follow = false;
};

/// Ctrl-C and a closed pipe end it as they would end the program itself. Returns only when that fails.
Exit become_reader(const Context& context, const std::vector<std::string>& command) {
  const int error = become(command);
  context.terminal.error(fmt::format("{} cannot be run: {}", command[0], std::generic_category().message(error)));
  return Exit::failed;
}

/// The last lines as JSON, one object a line.
Exit show_json(const Context& context, const std::string& log) {
  const bool only_ascii = ::isatty(STDOUT_FILENO) == 1;  // as print_json
  std::string_view rest = log;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    context.terminal.print(Json{{"line", line}}.dump(-1, ' ', only_ascii, Json::error_handler_t::replace) + "\n");
  }
  return Exit::done;
}

Exit run(const Context& context, const Options& options) {
  ServiceInstaller installer(context.environment);
  const auto service = choose_service(context, installer, options.service);
  if (!service) return Exit::failed;
  if (options.service.json) {
    const auto log = installer.log_end(service->name, options.lines);
    return log ? show_json(context, *log) : report_service_error(context, log.error());
  }
  const auto command =
      installer.log_command(service->name, options.lines, options.follow ? LogFollow::yes : LogFollow::no);
  if (!command) return report_service_error(context, command.error());
  return become_reader(context, *command);
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_service_options(app, options->service);
  app.add_option("-n,--lines", options->lines, "How many lines (default: 100)")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 1'000'000).description(""));
  auto* follow = app.add_flag("-f,--follow", options->follow, "Go on with new lines until Ctrl-C");
  app.get_option("--json")->excludes(follow);
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kServiceLogs = {
    .name = "logs",
    .summary = "Show what a service wrote",
    .arguments = "[NAME]",
    .details =
        "Shows the end of the service's log, that of earlier runs and failed starts too: from the\n"
        "journal, on macOS from ~/Library/Logs/cordon. `cordon logs` shows the running proxy's.",
    .examples =
        "  cordon service logs\n"
        "  cordon service logs api-proxy -f\n"
        "  cordon service logs api-proxy -n 1000 | grep refused\n",
    .declare = declare,
};

}  // namespace cordon::cli
