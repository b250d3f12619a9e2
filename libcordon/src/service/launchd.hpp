// launchd's agents of one user, through launchctl.
#pragma once

#include <sys/types.h>

#include "service/program_runner.hpp"
#include "service/service_manager.hpp"

namespace cordon::service {

/// Agents live in the domain of the user's login at the screen, gui/<uid> (launchctl(1)). What decides is launchctl's exit
/// status, which its manual promises to be an error number; of what it prints, only the table of `list` is read, whose
/// columns the manual describes. `print`'s output is not for programs, says the manual.
class Launchd final : public ServiceManager {
 public:
  Launchd(const Environment& environment, RunProgram run, uid_t user);

  std::string label(std::string_view name) const override;
  std::string file_name(std::string_view name) const override;
  std::optional<std::string> name_of(std::string_view file_name) const override;
  Result<std::string> compose(const Definition& definition) const override;
  std::optional<Written> read(std::string_view content) const override;
  Result<std::filesystem::path> folder() const override;
  std::vector<std::filesystem::path> folders() const override;
  Result<> enable(const Unit& unit) const override;
  Result<> start(const Unit& unit) const override;
  Result<> stop(const Unit& unit) const override;
  Result<> disable(const Unit& unit) const override;
  Result<> forget(const Unit& unit) const override;
  Result<Observation> observe(const Unit& unit) const override;
  LogMark mark_log(std::string_view name) const override;
  void drop_log(std::string_view name, const LogMark& before) const override;
  Result<std::string> log_end(std::string_view name, const LogRange& range) const override;
  Result<std::vector<std::string>> log_command(std::string_view name, int lines, LogFollow follow) const override;
  Linger linger() const override;

 private:
  std::filesystem::path log_file(std::string_view name) const;
  std::string target(std::string_view name) const;
  Result<ProgramOutput> launchctl(const std::vector<std::string>& words) const;
  /// The same, failing with service_failed on every exit status but 0.
  Result<> order(const std::vector<std::string>& words) const;
  Result<bool> is_loaded(std::string_view name) const;
  Result<> wait_until_gone(std::string_view name) const;

  std::filesystem::path home_;
  RunProgram run_;
  std::string domain_;
};

}  // namespace cordon::service
