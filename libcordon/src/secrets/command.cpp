#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "secrets/helper_environment.hpp"
#include "secrets/helper_program.hpp"
#include "secrets/source.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

constexpr std::size_t kMaxOutput = kMaxSecret + 4096;  // the first line is the secret; a few notes may follow

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

class CommandSource final : public SecretSource {
 public:
  explicit CommandSource(const HelperSettings& settings) : settings_(settings), finder_(settings.environment) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override;
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  Result<std::filesystem::path> program_for(const CommandRef& ref) const;

  const HelperSettings& settings_;
  ProgramFinder finder_;
};

Result<Secret> CommandSource::fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const {
  const auto& command = std::get<CommandRef>(ref);
  const auto path = program_for(command);
  if (!path) return std::unexpected(path.error());
  const std::string program = path->filename().native();

  HelperRun run{.argv = command.argv,
                .environment = helper_environment(settings_.environment, program),
                .deadline = deadline,
                .max_output = kMaxOutput,
                .max_errors = 0,
                .after_timeout = "run it in a terminal to see what it waits for, or raise the secret's timeout",
                .after_start = "correct the program in argv"};
  run.argv[0] = path->native();
  if (command.timeout) run.deadline = std::min(deadline, std::chrono::steady_clock::now() + *command.timeout);

  const auto result = run_helper(settings_, std::move(run));
  if (!result) return std::unexpected(result.error());
  if (result->code != 0) return fail_exit(program, result->code);
  return Secret(first_line(result->output.view()));
}

Result<std::filesystem::path> CommandSource::program_for(const CommandRef& ref) const {
  if (ref.argv.empty() || ref.argv[0].empty())
    return fail(Errc::store_unavailable, "a command needs at least a program");
  const std::string& name = ref.argv[0];
  if (name.starts_with('/')) return std::filesystem::path(name);
  if (name.find('/') != std::string::npos) {
    return fail(Errc::store_unavailable,
                fmt::format("the program {} of a command must be an absolute path or a plain name in PATH", name));
  }
  if (auto found = finder_.find(name)) return *std::move(found);
  return fail(Errc::store_unavailable,
              fmt::format("`{}` is in no folder of PATH; install it, or give its absolute path in argv", name));
}

}  // namespace

std::unique_ptr<SecretSource> make_command_source(const HelperSettings& settings) {
  return std::make_unique<CommandSource>(settings);
}

}  // namespace cordon::secrets
