#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/process.hpp"
#include "secrets/helper_environment.hpp"
#include "secrets/source.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

constexpr std::size_t kMaxOutput = kMaxSecret + 4096;  // the first line is the secret; a few notes may follow

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

class CommandSource final : public SecretSource {
 public:
  explicit CommandSource(const HelperSettings& settings) : settings_(settings) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override;
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  Result<std::filesystem::path> program_for(const CommandRef& ref) const;
  Result<std::filesystem::path> look_up(const std::string& name) const;

  const HelperSettings& settings_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::filesystem::path, std::less<>> found_;
};

// What became of a run that gave no value. Never what the program printed: it may be the secret, or a part of it.
std::unexpected<Error> fail_run(const std::string& program, Error error) {
  if (error.code == Errc::timed_out) {
    return fail(Errc::secret_timeout, fmt::format("`{}` did not answer in time and was ended; run it in a terminal to "
                                                  "see what it waits for, or raise the secret's timeout",
                                                  program));
  }
  return fail(Errc::store_unavailable, std::move(error.context));
}

std::unexpected<Error> fail_end(const std::string& program, const base::ProcessResult& result) {
  if (result.end == base::ProcessEnd::output_over_bound) {
    return fail(Errc::secret_invalid, fmt::format("`{}` printed far more than a secret of 64 KiB", program));
  }
  const bool exited = result.end == base::ProcessEnd::exited;
  return fail(Errc::store_unavailable,
              fmt::format("`{}` ended with {} {}; run it in a terminal to see why (its output is never logged)",
                          program, exited ? "exit code" : "signal", result.code));
}

Result<Secret> CommandSource::fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const {
  const auto& command = std::get<CommandRef>(ref);
  const auto path = program_for(command);
  if (!path) return std::unexpected(path.error());
  const std::string program = path->filename().native();

  base::ProcessRequest request{.argv = command.argv,
                               .environment = helper_environment(settings_.environment, program),
                               .deadline = deadline,
                               .max_output = kMaxOutput,
                               .descriptor_limit = settings_.descriptor_limit};
  request.argv[0] = path->native();
  if (command.timeout) request.deadline = std::min(deadline, std::chrono::steady_clock::now() + *command.timeout);

  auto result = base::run_process(request);
  if (!result) return fail_run(program, std::move(result.error()));
  if (result->end != base::ProcessEnd::exited || result->code != 0) return fail_end(program, *result);
  std::string_view line = first_line(result->output.view());
  if (line.ends_with('\r')) line.remove_suffix(1);
  return Secret(line);
}

Result<std::filesystem::path> CommandSource::program_for(const CommandRef& ref) const {
  if (ref.argv.empty() || ref.argv[0].empty())
    return fail(Errc::store_unavailable, "a command needs at least a program");
  const std::string& name = ref.argv[0];
  if (name.starts_with('/')) return std::filesystem::path(name);
  if (name.find('/') == std::string::npos) return look_up(name);
  return fail(Errc::store_unavailable,
              fmt::format("the program {} of a command must be an absolute path or a plain name in PATH", name));
}

// Found once, so that a later change of a folder in PATH cannot put another program in its place.
Result<std::filesystem::path> CommandSource::look_up(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  if (const auto known = found_.find(name); known != found_.end()) return known->second;
  const auto search_path = settings_.environment.find("PATH");
  auto path = base::find_program(name, search_path == settings_.environment.end() ? "" : search_path->second);
  if (!path) {
    return fail(Errc::store_unavailable,
                fmt::format("`{}` is in no folder of PATH; install it, or give its absolute path in argv", name));
  }
  return found_.emplace(name, std::move(*path)).first->second;
}

}  // namespace

std::unique_ptr<SecretSource> make_command_source(const HelperSettings& settings) {
  return std::make_unique<CommandSource>(settings);
}

}  // namespace cordon::secrets
