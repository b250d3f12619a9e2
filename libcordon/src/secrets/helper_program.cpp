#include "secrets/helper_program.hpp"

#include <utility>

#include <fmt/core.h>

namespace cordon::secrets {
namespace {

std::unexpected<Error> fail_start(std::string_view program, const Error& error, const HelperRun& run) {
  if (error.code == Errc::timed_out) {
    return fail(Errc::secret_timeout,
                fmt::format("`{}` did not answer in time and was ended; {}", program, run.after_timeout));
  }
  return fail(Errc::store_unavailable, fmt::format("{}; {}", error.context, run.after_start));
}

std::unexpected<Error> fail_end(std::string_view program, std::string_view how, int code) {
  return fail(Errc::store_unavailable,
              fmt::format("`{}` ended with {} {}; run it in a terminal to see why (its output is never logged)",
                          program, how, code));
}

}  // namespace

std::optional<std::filesystem::path> ProgramFinder::find(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  if (const auto known = found_.find(name); known != found_.end()) return known->second;
  const auto search_path = environment_.find("PATH");
  auto path = base::find_program(name, search_path == environment_.end() ? "" : search_path->second);
  if (path) found_.emplace(name, *path);
  return path;
}

Result<base::ProcessResult> run_helper(const HelperSettings& settings, HelperRun run) {
  base::ProcessRequest request{.argv = std::move(run.argv),
                               .environment = std::move(run.environment),
                               .deadline = run.deadline,
                               .max_output = run.max_output,
                               .max_errors = run.max_errors,
                               .descriptor_limit = settings.descriptor_limit};
  const std::string program = std::filesystem::path(request.argv[0]).filename().native();
  auto result = base::run_process(request);
  if (!result) return fail_start(program, result.error(), run);
  if (result->end == base::ProcessEnd::output_over_bound) {
    return fail(Errc::secret_invalid, fmt::format("`{}` printed far more than a secret of 64 KiB", program));
  }
  if (result->end == base::ProcessEnd::killed_by_signal) return fail_end(program, "signal", result->code);
  return result;
}

std::unexpected<Error> fail_exit(std::string_view program, int code) {
  return fail_end(program, "exit code", code);
}

}  // namespace cordon::secrets
