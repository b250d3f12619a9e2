#include "service/launchd.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/files.hpp"
#include "service/property_list.hpp"

namespace cordon::service {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPrefix = "io.codezero.cordon.";
constexpr std::string_view kSuffix = ".plist";
constexpr std::chrono::seconds kPatience{15};
constexpr std::chrono::milliseconds kInterval{50};
constexpr std::size_t kMaxLog = 64U << 20U;

// Error numbers of macOS, which launchctl exits with.
constexpr int kNoSuchProcess = 3;    // ESRCH: bootout of what is not loaded
constexpr int kInputOutput = 5;      // EIO: bootstrap of what is loaded, or still on its way out
constexpr int kInProgress = 36;      // EINPROGRESS: bootout of what is on its way out already
constexpr int kNoSuchService = 113;  // launchd's own: no service of that name

int number_of(std::string_view text) noexcept {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The next of the words of `text`, which tabs or spaces divide.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

/// A line of the table of `launchctl list`: process or `-`, last exit status or minus the signal, label.
std::optional<Observation> read_row(std::string_view line, std::string_view label) {
  const std::string_view pid = take_word(line);
  const std::string_view status = take_word(line);
  if (take_word(line) != label) return std::nullopt;
  Observation seen;
  seen.pid = number_of(pid);
  const int end = number_of(status);
  if (seen.pid > 0)
    seen.state = ServiceState::running;
  else
    seen.state = end == 0 ? ServiceState::stopped : ServiceState::waiting;
  if (seen.pid == 0 || end != 0) seen.last_end = ServiceEnd{.killed = end < 0, .number = std::abs(end)};
  return seen;
}

Observation read_table(std::string_view text, std::string_view label) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto seen = read_row(line, label)) return *seen;
  }
  Observation hidden;  // loaded, but in another session than the one that asks, such as ssh's
  hidden.state = ServiceState::unknown;
  return hidden;
}

std::string_view first_line(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.empty() ? "no reason given" : line;
}

std::string last_lines(std::string_view text, int lines) {
  std::size_t at = text.ends_with('\n') ? text.size() - 1 : text.size();
  for (int i = 0; i < lines && at != std::string_view::npos && at > 0; ++i)
    at = text.rfind('\n', at - 1);
  return std::string(at == std::string_view::npos || at == 0 ? text : text.substr(at + 1));
}

}  // namespace

Launchd::Launchd(const Environment& environment, RunProgram run, uid_t user)
    : run_(std::move(run)), domain_(fmt::format("gui/{}", user)) {
  if (const auto home = environment.find("HOME"); home != environment.end()) home_ = home->second;
}

std::string Launchd::label(std::string_view name) const {
  return launchd_label(name);
}

std::string Launchd::file_name(std::string_view name) const {
  return fmt::format("{}{}", launchd_label(name), kSuffix);
}

std::optional<std::string> Launchd::name_of(std::string_view file_name) const {
  if (!file_name.starts_with(kPrefix) || !file_name.ends_with(kSuffix)) return std::nullopt;
  if (file_name.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  return std::string(file_name.substr(kPrefix.size(), file_name.size() - kPrefix.size() - kSuffix.size()));
}

Result<std::string> Launchd::compose(const Definition& definition) const {
  return compose_property_list(definition, log_file(definition.name));
}

std::optional<Written> Launchd::read(std::string_view content) const {
  return read_property_list(content);
}

std::vector<fs::path> Launchd::folders() const {
  if (!home_.is_absolute()) return {};
  return {home_ / "Library/LaunchAgents"};
}

Result<fs::path> Launchd::folder() const {
  if (!home_.is_absolute()) return fail(Errc::no_service_manager, "HOME is not set to an absolute path");
  const auto done = launchctl({"print-disabled", domain_});
  if (!done) return std::unexpected(done.error());
  if (done->status != 0)
    return fail(
        Errc::no_service_manager,
        fmt::format("there is no login session at the Mac's screen to start services in ({}): log in there, then run "
                    "the command again",
                    first_line(done->err)));
  return folders().front();
}

/// A label that was once disabled stays so, whatever its file says.
Result<> Launchd::enable(const Unit& unit) const {
  // launchd makes the log's file and not its folder.
  if (auto made = base::make_private_folder(log_file(unit.name).parent_path()); !made) return made;
  return order({"enable", target(unit.name)});
}

/// Loaded anew, since launchd reads the file at no other time; RunAtLoad starts it.
Result<> Launchd::start(const Unit& unit) const {
  if (auto stopped = stop(unit); !stopped) return stopped;
  const auto until = Clock::now() + kPatience;
  for (;;) {
    const auto done = launchctl({"bootstrap", domain_, unit.file.native()});
    if (!done) return std::unexpected(done.error());
    if (done->status == 0) return {};
    if (done->status != kInputOutput || Clock::now() >= until)
      return fail(Errc::service_failed, fmt::format("launchctl bootstrap {} {} failed: {}", domain_, unit.file.native(),
                                                    first_line(done->err)));
    std::this_thread::sleep_for(kInterval);
  }
}

Result<> Launchd::stop(const Unit& unit) const {
  const auto done = launchctl({"bootout", target(unit.name)});
  if (!done) return std::unexpected(done.error());
  if (done->status == kNoSuchProcess || done->status == kNoSuchService) return {};
  if (done->status != 0 && done->status != kInProgress)
    return fail(Errc::service_failed,
                fmt::format("launchctl bootout {} failed: {}", target(unit.name), first_line(done->err)));
  return wait_until_gone(unit.name);
}

Result<> Launchd::disable(const Unit& unit) const {
  // Without its file it is not loaded at login, and a label that stays disabled would surprise whoever installs it again.
  return stop(unit);
}

Result<> Launchd::forget(const Unit& /*unit*/) const {
  return {};
}

Result<Observation> Launchd::observe(const Unit& unit) const {
  const auto loaded = is_loaded(unit.name);
  if (!loaded) return std::unexpected(loaded.error());
  Observation seen;
  if (*loaded) {
    const auto table = launchctl({"list"});
    if (!table) return std::unexpected(table.error());
    seen = read_table(table->out, label(unit.name));
  }
  std::error_code ignored;
  seen.enabled = fs::exists(unit.file, ignored);
  return seen;
}

LogMark Launchd::mark_log(std::string_view name) const {
  std::error_code error;
  const auto size = fs::file_size(log_file(name), error);
  LogMark mark{std::chrono::system_clock::now()};
  if (!error) mark.size = size;
  return mark;
}

void Launchd::drop_log(std::string_view name, const LogMark& before) const {
  if (before.size) return;
  std::error_code ignored;
  fs::remove(log_file(name), ignored);
  fs::remove(log_file(name).parent_path(), ignored);  // fails where other services have theirs
}

Result<std::string> Launchd::log_end(std::string_view name, const LogRange& range) const {
  const auto text = base::read_file(log_file(name), kMaxLog);
  if (!text && text.error().code == Errc::file_missing) return std::string();  // it has written nothing
  if (!text) return std::unexpected(text.error());
  const std::uintmax_t from = range.since ? range.since->size.value_or(0) : 0;
  // One that is shorter by now was begun anew.
  return last_lines(std::string_view(*text).substr(from <= text->size() ? from : 0), range.lines);
}

Result<std::vector<std::string>> Launchd::log_command(std::string_view name, int lines, LogFollow follow) const {
  std::vector<std::string> argv = {"/usr/bin/tail", "-n", fmt::format("{}", lines)};
  if (follow == LogFollow::yes) argv.emplace_back("-F");
  argv.push_back(log_file(name).native());
  return argv;
}

Linger Launchd::linger() const {
  return Linger::not_applicable;
}

fs::path Launchd::log_file(std::string_view name) const {
  return home_ / "Library/Logs/cordon" / fmt::format("{}.log", name);
}

std::string Launchd::target(std::string_view name) const {
  return fmt::format("{}/{}", domain_, launchd_label(name));
}

Result<ProgramOutput> Launchd::launchctl(const std::vector<std::string>& words) const {
  std::vector<std::string> argv = {"launchctl"};
  argv.insert(argv.end(), words.begin(), words.end());
  auto done = run_(argv, kPatience);
  if (!done && done.error().code == Errc::file_missing)
    return fail(Errc::no_service_manager, "launchd is not what starts services here");
  return done;
}

Result<> Launchd::order(const std::vector<std::string>& words) const {
  const auto done = launchctl(words);
  if (!done) return std::unexpected(done.error());
  if (done->status == 0) return {};
  return fail(Errc::service_failed,
              fmt::format("launchctl {} failed: {}", fmt::join(words, " "), first_line(done->err)));
}

Result<bool> Launchd::is_loaded(std::string_view name) const {
  const auto done = launchctl({"print", target(name)});
  if (!done) return std::unexpected(done.error());
  if (done->status == 0) return true;
  if (done->status == kNoSuchService || done->status == kNoSuchProcess) return false;
  return fail(Errc::service_failed, fmt::format("launchctl print {} failed: {}", target(name), first_line(done->err)));
}

/// bootout returns while the process may still be ending.
Result<> Launchd::wait_until_gone(std::string_view name) const {
  for (const auto until = Clock::now() + kPatience; Clock::now() < until;) {
    const auto loaded = is_loaded(name);
    if (!loaded) return std::unexpected(loaded.error());
    if (!*loaded) return {};
    std::this_thread::sleep_for(kInterval);
  }
  return fail(Errc::timed_out, fmt::format("{} has not ended within {} s", label(name), kPatience.count()));
}

}  // namespace cordon::service
