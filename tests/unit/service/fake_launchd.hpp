// A launchd that only remembers, behind the one function that runs launchctl.
//
// What it does is what launchctl(1) and launchd.plist(5) say, so that what works with it has a reason to work there:
// - Exit status: 0, or an error number that `launchctl error` explains. 3 (ESRCH), 5 (EIO) and 36 (EINPROGRESS) are the system's;
//   113 is launchd's for a service that it does not know, 119 for one that is disabled, 125 for a domain that there is not.
// - `bootstrap DOMAIN FILE` loads a service from its file, and RunAtLoad starts it; one that is loaded is an error (5), also in
//   the moments after a bootout in which it is still ending. The file is read at no other time.
// - `bootout DOMAIN/LABEL` ends and forgets a service. It may return before that is done.
// - `enable DOMAIN/LABEL` undoes a `disable`, which outlasts boots and keeps a service from being loaded.
// - `list` prints a table: process or `-`, last exit status or minus the signal's number, label. With SuccessfulExit false,
//   a process that ends with another status than 0 is started again after ThrottleInterval; in between it has no process.
// - `print DOMAIN/LABEL` tells by its exit status whether a service is loaded; its text is not for programs.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "service/program_runner.hpp"
#include "service/property_list.hpp"

namespace cordon::service {

class FakeLaunchd {
 public:
  /// A process of a service: its number, or 0 and how it ended.
  struct Process {
    int pid = 0;
    int last = 0;
  };

  /// What becomes of a service that is started.
  std::function<Process(const Written&)> start = [this](const Written&) { return Process{next_pid++, 0}; };
  int next_pid = 4000;
  bool has_screen = true;  ///< Somebody is logged in at the Mac's screen.
  int slowness = 0;        ///< How many questions about a service that was booted out find it still there.
  std::map<std::string, Process> loaded;
  std::set<std::string> disabled;
  std::vector<std::string> calls;  ///< All but the questions, as words with spaces between.

  RunProgram runner() {
    return [this](const std::vector<std::string>& argv, std::chrono::milliseconds) -> Result<ProgramOutput> {
      return run(argv);
    };
  }

 private:
  static ProgramOutput failed(int status, std::string words) { return {status, {}, words + "\n"}; }

  ProgramOutput run(const std::vector<std::string>& argv) {
    const std::string& verb = argv.at(1);
    if (verb == "list") return list();
    if (verb == "print-disabled")
      return has_screen ? ProgramOutput{} : failed(125, "Domain does not support specified action");
    const std::string label = argv.at(2).substr(argv.at(2).rfind('/') + 1);
    if (verb == "print") return print(label);
    calls.push_back(fmt::format("{}", fmt::join(argv.begin() + 1, argv.end(), " ")));
    if (verb == "bootstrap") return bootstrap(argv.at(3));
    if (verb == "bootout") return bootout(label);
    if (verb == "enable") return disabled.erase(label), ProgramOutput{};
    return failed(64, "Unrecognized subcommand: " + verb);
  }

  bool is_leaving(const std::string& label) { return leaving_[label] > 0 && leaving_[label]-- > 0; }

  ProgramOutput list() const {
    ProgramOutput table{0, "PID\tStatus\tLabel\n-\t0\tcom.apple.other\n", {}};
    for (const auto& [label, process] : loaded)
      table.out +=
          fmt::format("{}\t{}\t{}\n", process.pid == 0 ? "-" : std::to_string(process.pid), process.last, label);
    return table;
  }

  ProgramOutput print(const std::string& label) {
    if (loaded.contains(label) || is_leaving(label)) return {};
    return failed(113, fmt::format("Could not find service \"{}\" in domain for user gui: 501", label));
  }

  ProgramOutput bootstrap(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto written = read_property_list(text);
    const std::string label = file.stem().native();
    if (!written || loaded.contains(label) || is_leaving(label))
      return failed(5, "Bootstrap failed: 5: Input/output error");
    if (disabled.contains(label)) return failed(119, "Bootstrap failed: 119: Service is disabled");
    loaded[label] = start(*written);
    return {};
  }

  ProgramOutput bootout(const std::string& label) {
    if (leaving_[label] > 0) return failed(36, "Boot-out failed: 36: Operation now in progress");
    if (loaded.erase(label) == 0) return failed(3, "Boot-out failed: 3: No such process");
    leaving_[label] = slowness;
    return {};
  }

  std::map<std::string, int> leaving_;
};

}  // namespace cordon::service
