// cordon env: prints the variables that send a client through the proxy.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "choices.hpp"
#include "client_environment.hpp"
#include "command.hpp"
#include "failure.hpp"
#include "integrations/env_edit.hpp"
#include "process_settings.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string token;
  std::string format = "shell";
};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Inside single quotes a POSIX shell knows no escape, so a quote ends them, stands escaped, and opens them again.
Result<std::string> shell_line(const std::string& name, const std::string& value) {
  return fmt::format("export {}='{}'\n", name, replace_all(value, "'", "'\\''"));
}

/// fish knows \' and \\ inside single quotes.
Result<std::string> fish_line(const std::string& name, const std::string& value) {
  return fmt::format("set -gx {} '{}'\n", name, replace_all(replace_all(value, "\\", "\\\\"), "'", "\\'"));
}

Result<std::string> dotenv_line(const std::string& name, const std::string& value) {
  const auto written = dotenv_value(name, value);
  if (written) return fmt::format("{}={}\n", name, *written);
  return fail(written.error().code, fmt::format("{}; use another --format", written.error().context));
}

using LineWriter = Result<std::string> (*)(const std::string& name, const std::string& value);

struct Format {
  std::string_view name;
  LineWriter line;
};

constexpr std::array<Format, 3> kLineFormats = {{{"shell", shell_line}, {"fish", fish_line}, {"dotenv", dotenv_line}}};

Result<std::string> as_lines(const Variables& variables, LineWriter write_line) {
  std::string out;
  for (const auto& [name, value] : variables) {
    if (value.find_first_of("\r\n") != std::string::npos)
      return fail(Errc::not_supported,
                  fmt::format("{} has a line end in it, which no format but json can carry", name));
    auto line = write_line(name, value);
    if (!line) return line;
    out += *line;
  }
  return out;
}

Result<std::string> as_json(const Variables& variables) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [name, value] : variables)
    out[name] = value;
  try {
    return out.dump(2) + "\n";
  } catch (const nlohmann::json::type_error&) {
    return fail(Errc::not_supported, "a path is not UTF-8, which JSON cannot carry; use another --format");
  }
}

Result<std::string> compose(const Variables& variables, std::string_view format) {
  const auto* const found = std::ranges::find(kLineFormats, format, &Format::name);
  return found == kLineFormats.end() ? as_json(variables) : as_lines(variables, found->line);
}

Exit run(const Context& context, const Options& options) {
  hide_memory();
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto variables = client_variables(*target, context.environment, options.token);
  const auto text = variables ? compose(*variables, options.format) : std::unexpected(variables.error());
  if (!text) return fail_with(context, text.error(), *target, options.target);
  context.terminal.print(*text);
  return Exit::done;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_option("--format", options->format, "shell (default), fish, dotenv or json")
      ->type_name("FORMAT")
      ->check(one_of({"shell", "fish", "dotenv", "json"}));
  add_token_option(app, options->token);
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kEnv = {
    .name = "env",
    .summary = "Print the variables that send programs through the proxy",
    .arguments = "",
    .details =
        "Prints the proxy and CA variables for the clients of this config. Creates the CA and\n"
        "the combined bundle when they are missing. Evaluating it twice changes nothing. Where\n"
        "there are tokens, the proxy's address carries one: treat the output as a password.",
    .examples =
        "  eval \"$(cordon env)\"\n"
        "  cordon env --format fish | source\n"
        "  cordon env --format dotenv > .env.cordon\n"
        "  cordon env --format json | jq -r .HTTPS_PROXY\n"
        "  cordon env --token codex\n",
    .declare = declare,
};

}  // namespace cordon::cli
