// systemd's user manager, through systemctl.
#pragma once

#include "service/program_runner.hpp"
#include "service/service_manager.hpp"

namespace cordon::service {

class Systemd final : public ServiceManager {
 public:
  Systemd(const Environment& environment, RunProgram run);

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
  struct Manager {
    int version = 0;
    std::vector<std::filesystem::path> unit_path;
  };

  Result<Manager> ask_manager() const;
  /// `systemctl --user` with `words`: what it prints.
  Result<std::string> systemctl(std::vector<std::string> words, std::chrono::seconds patience) const;
  /// The same where nothing is asked.
  Result<> order(std::vector<std::string> words) const;

  Environment environment_;
  RunProgram run_;
};

/// The variables that systemctl finds the user manager by, as `NAME=value`. A shell without a login session (su, sudo, cron) has
/// no XDG_RUNTIME_DIR; it is the usual one then, where there is such a folder.
std::vector<std::string> systemctl_environment(const Environment& environment);

}  // namespace cordon::service
