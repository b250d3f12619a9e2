#include "service/program_runner.hpp"

#include <fmt/format.h>

#include "base/process.hpp"

namespace cordon::service {
namespace {

constexpr std::size_t kMaxOutput = 1U << 20U;
constexpr std::size_t kMaxErrors = 4096;
constexpr int kSignalStatus = 128;

ProgramOutput output_of(const base::ProcessResult& result) {
  const bool killed = result.end == base::ProcessEnd::killed_by_signal;
  return {.status = killed ? kSignalStatus + result.code : result.code,
          .out = std::string(result.output.view()),
          .err = std::string(result.errors.view())};
}

}  // namespace

Result<std::string> locate_program(const Environment& environment, std::string_view name) {
  if (name.starts_with('/')) return std::string(name);
  const auto path = environment.find("PATH");
  const std::string folders = (path == environment.end() ? "" : path->second + ":") + "/usr/bin:/bin:/usr/sbin:/sbin";
  if (const auto found = base::find_program(name, folders)) return found->native();
  return fail(Errc::file_missing, fmt::format("the program {} is not installed", name));
}

RunProgram make_program_runner(const Environment& environment, std::vector<std::string> variables) {
  return [environment, variables = std::move(variables)](const std::vector<std::string>& argv,
                                                         std::chrono::milliseconds time) -> Result<ProgramOutput> {
    auto program = locate_program(environment, argv.at(0));
    if (!program) return std::unexpected(program.error());
    base::ProcessRequest request;
    request.argv = argv;
    request.argv[0] = *std::move(program);
    request.environment = variables;
    request.deadline = std::chrono::steady_clock::now() + time;
    request.max_output = kMaxOutput;
    request.max_errors = kMaxErrors;
    auto result = base::run_process(request);
    if (!result) {
      if (result.error().code != Errc::timed_out) return std::unexpected(result.error());
      return fail(Errc::timed_out, fmt::format("{} did not answer within {} s", argv[0], time.count() / 1000));
    }
    if (result->end == base::ProcessEnd::output_over_bound)
      return fail(Errc::file_failed, fmt::format("{} wrote more than 1 MiB", argv[0]));
    return output_of(*result);
  };
}

}  // namespace cordon::service
