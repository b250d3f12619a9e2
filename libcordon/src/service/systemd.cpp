#include "service/systemd.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include "service/systemd_show.hpp"
#include "service/unit_file.hpp"

namespace cordon::service {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "cordon-";
constexpr std::string_view kSuffix = ".service";
/// Longer than a unit's TimeoutStopSec, which `stop` waits for.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::seconds kAnswerPatience{5};

constexpr std::array<std::string_view, 9> kPassedOn = {"HOME",
                                                       "LANG",
                                                       "LOGNAME",
                                                       "PATH",
                                                       "USER",
                                                       "XDG_CONFIG_HOME",
                                                       "XDG_DATA_HOME",
                                                       "XDG_RUNTIME_DIR",
                                                       "DBUS_SESSION_BUS_ADDRESS"};

std::string value_of(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::string_view first_line(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.empty() ? "no reason given" : line;
}

bool cannot_be_reached(std::string_view words) {
  constexpr std::array<std::string_view, 4> kWords = {"Failed to connect to bus", "Failed to get D-Bus connection",
                                                      "has not been booted with systemd",
                                                      "Process org.freedesktop.systemd1 exited"};
  return std::ranges::any_of(kWords, [words](std::string_view text) { return words.contains(text); });
}

std::unexpected<Error> fail_unreachable(std::string_view words) {
  return fail(
      Errc::no_service_manager,
      fmt::format(
          "there is no systemd user manager to talk to ({}): log in as this user, at the console or by ssh "
          "(su and sudo open no session), or let one run without a login: loginctl enable-linger; where systemd "
          "does not run at all, start Cordon from a Procfile or your own supervisor",
          first_line(words)));
}

}  // namespace

std::vector<std::string> systemctl_environment(const Environment& environment) {
  std::vector<std::string> out = {"LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER="};
  for (const std::string_view name : kPassedOn)
    if (const auto found = environment.find(name); found != environment.end())
      out.push_back(fmt::format("{}={}", name, found->second));
  const std::string usual = fmt::format("/run/user/{}", ::getuid());
  std::error_code ignored;
  if (value_of(environment, "XDG_RUNTIME_DIR").empty() && fs::is_directory(usual, ignored))
    out.push_back("XDG_RUNTIME_DIR=" + usual);
  return out;
}

Systemd::Systemd(const Environment& environment, RunProgram run) : environment_(environment), run_(std::move(run)) {
}

std::string Systemd::label(std::string_view name) const {
  return fmt::format("{}{}{}", kPrefix, name, kSuffix);
}

std::string Systemd::file_name(std::string_view name) const {
  return label(name);
}

std::optional<std::string> Systemd::name_of(std::string_view file_name) const {
  if (!file_name.starts_with(kPrefix) || !file_name.ends_with(kSuffix)) return std::nullopt;
  if (file_name.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  return std::string(file_name.substr(kPrefix.size(), file_name.size() - kPrefix.size() - kSuffix.size()));
}

Result<std::string> Systemd::compose(const Definition& definition) const {
  auto manager = ask_manager();
  if (!manager) return std::unexpected(manager.error());
  return compose_unit(definition, manager->version);
}

std::optional<Written> Systemd::read(std::string_view content) const {
  return read_unit(content);
}

std::vector<fs::path> Systemd::folders() const {
  std::vector<fs::path> out;
  const fs::path xdg = value_of(environment_, "XDG_CONFIG_HOME");
  const fs::path home = value_of(environment_, "HOME");
  if (xdg.is_absolute()) out.push_back(xdg / "systemd/user");
  if (home.is_absolute()) out.push_back(home / ".config/systemd/user");
  if (out.size() == 2 && out[0] == out[1]) out.pop_back();
  return out;
}

/// The manager was started at login, perhaps with another XDG_CONFIG_HOME than this shell has: it reads the files of its own.
Result<fs::path> Systemd::folder() const {
  auto manager = ask_manager();
  if (!manager) return std::unexpected(manager.error());
  for (const fs::path& folder : folders())
    if (std::ranges::find(manager->unit_path, folder) != manager->unit_path.end()) return folder;
  return fail(
      Errc::no_service_manager,
      "the systemd user manager reads units neither from XDG_CONFIG_HOME nor from ~/.config of this shell: unset "
      "XDG_CONFIG_HOME, or set it for the manager too: systemctl --user import-environment XDG_CONFIG_HOME");
}

Result<Systemd::Manager> Systemd::ask_manager() const {
  auto shown = systemctl({"show", "--property=Version,UnitPath"}, kAnswerPatience);
  if (!shown) return std::unexpected(shown.error());
  const Properties properties = parse_properties(*shown);
  const auto value = [&properties](std::string_view name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
  };
  return Manager{parse_systemd_version(value("Version")), parse_path_list(value("UnitPath"))};
}

Result<std::string> Systemd::systemctl(std::vector<std::string> words, std::chrono::seconds patience) const {
  std::vector<std::string> argv = {"systemctl", "--user", "--no-pager", "--no-ask-password"};
  argv.insert(argv.end(), words.begin(), words.end());
  auto done = run_(argv, patience);
  if (!done && done.error().code == Errc::file_missing) return fail_unreachable(done.error().message());
  if (!done) return std::unexpected(done.error());
  if (done->status == 0) return std::move(done->out);
  if (cannot_be_reached(done->err)) return fail_unreachable(done->err);
  return fail(Errc::service_failed,
              fmt::format("systemctl --user {} failed: {}", fmt::join(words, " "), first_line(done->err)));
}

Result<> Systemd::order(std::vector<std::string> words) const {
  if (auto done = systemctl(std::move(words), kPatience); !done) return std::unexpected(done.error());
  return {};
}

Result<> Systemd::enable(const Unit& unit) const {
  if (auto told = order({"daemon-reload"}); !told) return told;
  return order({"enable", label(unit.name)});
}

/// Stopped first: a restart that is only queued would leave the old process's health for the new one's.
Result<> Systemd::start(const Unit& unit) const {
  if (auto stopped = stop(unit); !stopped) return stopped;
  return order({"start", "--no-block", label(unit.name)});
}

Result<> Systemd::stop(const Unit& unit) const {
  const auto seen = observe(unit);
  if (!seen) return std::unexpected(seen.error());
  if (seen->state != ServiceState::stopped && seen->state != ServiceState::failed)
    if (auto stopped = order({"stop", label(unit.name)}); !stopped) return stopped;
  (void)order({"reset-failed", label(unit.name)});  // fails when there is nothing to reset
  return {};
}

Result<> Systemd::disable(const Unit& unit) const {
  return order({"disable", label(unit.name)});
}

Result<> Systemd::forget(const Unit& unit) const {
  auto told = order({"daemon-reload"});
  (void)order({"reset-failed", label(unit.name)});  // fails when there is nothing to reset
  return told;
}

Result<Observation> Systemd::observe(const Unit& unit) const {
  auto shown =
      systemctl({"show", "--timestamp=unix", fmt::format("--property={}", kObservedProperties), label(unit.name)},
                kAnswerPatience);
  if (!shown) return std::unexpected(shown.error());
  return parse_observation(parse_properties(*shown));
}

LogMark Systemd::mark_log(std::string_view /*name*/) const {
  return {std::chrono::system_clock::now()};
}

void Systemd::drop_log(std::string_view /*name*/, const LogMark& /*before*/) const {
  // The journal is the system's.
}

Result<std::string> Systemd::log_end(std::string_view name, const LogRange& range) const {
  std::vector<std::string> argv = {"journalctl",
                                   "--quiet",
                                   "--no-pager",
                                   "--output=cat",
                                   fmt::format("--lines={}", range.lines),
                                   fmt::format("--user-unit={}", label(name))};
  if (range.since) {
    argv.emplace_back("_TRANSPORT=stdout");  // the manager's own words are for its error
    argv.push_back(fmt::format("--since=@{}", std::chrono::system_clock::to_time_t(range.since->time)));
  }
  auto done = run_(argv, kAnswerPatience);
  if (!done) return std::unexpected(std::move(done).error());
  // Some versions end with 1 when there are no lines.
  if (done->status == 0 || done->err.empty()) return std::move(done->out);
  return fail(Errc::service_failed, fmt::format("journalctl failed: {}", first_line(done->err)));
}

/// Not `journalctl --user`, which shows nothing to users with a number of the system's, such as root.
Result<std::vector<std::string>> Systemd::log_command(std::string_view name, int lines, LogFollow follow) const {
  auto program = locate_program(environment_, "journalctl");
  if (!program) return std::unexpected(program.error());
  std::vector<std::string> argv = {*std::move(program), "--quiet", fmt::format("--lines={}", lines),
                                   fmt::format("--user-unit={}", label(name))};
  argv.emplace_back(follow == LogFollow::yes ? "--follow" : "--no-pager");
  return argv;
}

Linger Systemd::linger() const {
  const auto done =
      run_({"loginctl", "show-user", fmt::format("{}", ::getuid()), "--property=Linger", "--value"}, kAnswerPatience);
  if (!done || done->status != 0) return Linger::unknown;
  return done->out == "yes\n" ? Linger::yes : done->out == "no\n" ? Linger::no : Linger::unknown;
}

}  // namespace cordon::service
