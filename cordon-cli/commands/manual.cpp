// cordon __manual: the manual page cordon(1), out of the commands' own words. The build writes it to a file.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <cordon/version.hpp>

#include "catalogue.hpp"
#include "command_table.hpp"

namespace cordon::cli {
namespace {

constexpr std::string_view kDescription =
    "Cordon is a local proxy that puts the real credential into requests to the hosts that its config names. The "
    "application or agent behind it works with a dummy key, or with none. For these hosts Cordon ends the TLS itself, "
    "removes whatever credential the client sent, fetches the real one from where its owner keeps it, and puts it in. "
    "Everything else passes as an opaque tunnel. `cordon demo` shows it at work, without a config.";

/// Two columns of a section: what it is about, and a sentence.
struct Entry {
  std::string_view term;
  std::string_view text;
};

constexpr auto kExitStatus = std::to_array<Entry>({
    {"0", "Done."},
    {"1", "Failed: something that a retry does not mend, such as a faulty config."},
    {"2",
     "Wrong usage: an unknown command or option, a value that is not allowed, or a question that nobody can be asked."},
    {"3", "Not running."},
    {"4", "A secret store is not available now; trying again may help."},
    {"126, 127", "`cordon run` only: the program cannot be run, or there is none."},
    {"130", "Ctrl+C at a question."},
});

constexpr auto kEnvironment = std::to_array<Entry>({
    {"XDG_CONFIG_HOME", "Where the user scope's config and all state folders are; ~/.config when it is not set."},
    {"XDG_RUNTIME_DIR", "Where the control socket of a running proxy is, in the folder cordon."},
    {"NO_COLOR", "When set and not empty, no colour is used. There is none outside of terminals."},
    {"NOTIFY_SOCKET", "Set by systemd for `cordon start`, which then says when it is ready, reloads and stops."},
});

constexpr auto kFiles = std::to_array<Entry>({
    {"./cordon.toml", "The config of the project scope: exactly there, no folder above is searched."},
    {"$XDG_CONFIG_HOME/cordon/cordon.toml", "The config of the user scope."},
    {"$XDG_CONFIG_HOME/cordon/projects/NAMESPACE/", "The state folder of a project instance, its owner's alone."},
    {"$XDG_CONFIG_HOME/cordon/user/", "The state folder of the user scope."},
    {"certs/ca-cert.pem, ca-key.pem, combined-ca.pem",
     "In a state folder: the CA that clients are made to trust, and the system's roots together with it."},
    {"tokens.toml", "In a state folder: the proxy tokens. While it is there, requests to routes need one."},
    {"bindings.toml", "In a state folder: which secret was used for which host."},
});

/// `text` with what roff would take for an escape or a hyphen escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

/// The same, and what stands between backquotes in bold.
std::string formatted(std::string_view text) {
  std::string out;
  bool bold = false;
  for (std::size_t end = 0; end != std::string_view::npos; bold = !bold) {
    end = text.find('`');
    const std::string part = escaped(text.substr(0, end));
    out += bold ? fmt::format("\\fB{}\\fR", part) : part;
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return out;
}

using Writer = std::string (*)(std::string_view text);

/// Each line of `text` through `write`. Nothing but a request may begin with a dot or a quote in roff.
std::string lines(std::string_view text, Writer write) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    out += fmt::format("{}{}\n", line.starts_with('.') || line.starts_with('\'') ? "\\&" : "", write(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string section(std::string_view title, std::span<const Entry> entries) {
  std::string out = fmt::format(".SH {}\n", title);
  for (const auto& [term, text] : entries)
    out += fmt::format(".TP\n.B {}\n{}", escaped(term), lines(text, formatted));
  return out;
}

std::string option_text(const OptionInfo& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", escaped(name));
  if (!option.value.empty()) names += fmt::format(" \\fI{}\\fR", escaped(option.value));
  return fmt::format(".TP\n{}\n{}", names, lines(option.description + ".", formatted));
}

std::string command_text(const CommandInfo& info) {
  std::string out = fmt::format(".SS cordon {}\n.B {}\n.PP\n{}", info.name, escaped(synopsis(info)),
                                lines(info.command->details, formatted));
  for (const OptionInfo& option : info.options) {
    if (option.name() != "--help") out += option_text(option);
  }
  return out + fmt::format(".PP\nExamples:\n.PP\n.nf\n{}.fi\n", lines(info.command->examples, escaped));
}

std::string command_list() {
  std::string out;
  for (const CommandInfo& info : catalogue())
    out += fmt::format(".TP\n.B {}\n{}", info.name, lines(fmt::format("{}.", info.command->summary), formatted));
  return out;
}

std::string manual() {
  std::string out = fmt::format(
      ".\\\" Made by `cordon __manual` out of the commands' own words.\n"
      ".TH CORDON 1 \"\" \"cordon {}\" \"User Commands\"\n.SH NAME\ncordon \\- local credential\\-injection proxy\n"
      ".SH SYNOPSIS\n.B cordon\n.I COMMAND\n.RI [ OPTIONS ]\n.br\n.B cordon help\n.RI [ COMMAND ]\n.br\n"
      ".B cordon \\-\\-version\n",
      version());
  out +=
      fmt::format(".SH DESCRIPTION\n{}.SH OVERVIEW\n{}.SH COMMANDS\n", lines(kDescription, formatted), command_list());
  for (const CommandInfo& info : catalogue())
    out += command_text(info);
  return out + section("EXIT STATUS", kExitStatus) + section("ENVIRONMENT", kEnvironment) + section("FILES", kFiles);
}

}  // namespace

Exit print_manual(const Context& context, std::span<const std::string> /*words*/) {
  context.terminal.print(manual());
  return Exit::done;
}

}  // namespace cordon::cli
