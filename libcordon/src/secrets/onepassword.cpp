#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "secrets/helper_environment.hpp"
#include "secrets/helper_program.hpp"
#include "secrets/json_value.hpp"
#include "secrets/onepassword_failure.hpp"
#include "secrets/source.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

// Every byte of a secret may be written as \u00XX; what else is known of the field (its password history) comes on top.
constexpr std::size_t kMaxOutput = 7 * kMaxSecret;

// An argument that `op` would take for an option, or for something else than a name, never reaches it.
bool is_name(std::string_view argument) {
  return !argument.empty() && !argument.starts_with('-') && !argument.contains('\0');
}

std::vector<std::string> arguments(const std::filesystem::path& program, const OnePasswordRef& ref) {
  std::vector<std::string> argv = {
      program.native(), "item", "get", ref.item, "--vault=" + ref.vault, "--fields=label=" + ref.field,
      "--format=json"};
  if (!ref.account.empty()) argv.push_back("--account=" + ref.account);
  return argv;
}

// What is wrong with the field, or nothing when the text is not about a field at all.
std::string_view fault_of_field(JsonFault fault) {
  if (fault == JsonFault::array) return "is there more than once; give the fields different names";
  if (fault == JsonFault::no_member) return "has no value; fill it in";
  if (fault == JsonFault::not_a_string) return "has a value that is no text; use a text or password field";
  return {};
}

Result<Secret> take_value(std::string_view output, const OnePasswordRef& ref) {
  auto value = take_json_string(output, "value");
  if (value) return *std::move(value);
  const std::string_view fault = fault_of_field(value.error());
  if (fault.empty()) {
    return fail(Errc::secret_invalid,
                "1Password's `op` printed something else than one field as JSON; `op --version` must show 2 or later");
  }
  return fail(Errc::secret_invalid,
              fmt::format("the field {} of the 1Password item {} {}", ref.field, ref.item, fault));
}

class OnePasswordSource final : public SecretSource {
 public:
  OnePasswordSource(const HelperSettings& settings, SecretProvider provider)
      : settings_(settings), provider_(std::move(provider)), finder_(settings.environment) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override;
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  Result<std::filesystem::path> program() const;
  std::vector<std::string> environment() const;

  const HelperSettings& settings_;
  SecretProvider provider_;
  ProgramFinder finder_;
};

Result<Secret> OnePasswordSource::fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const {
  const auto& item = std::get<OnePasswordRef>(ref);
  if (!is_name(item.vault) || !is_name(item.item) || !is_name(item.field) || item.account.starts_with('-')) {
    return fail(Errc::store_unavailable,
                "vault, item and field of a 1Password secret must not be empty, and neither they nor the account begin "
                "with `-`");
  }
  const auto path = program();
  if (!path) return std::unexpected(path.error());

  HelperRun run{.argv = arguments(*path, item),
                .environment = environment(),
                .deadline = deadline,
                .max_output = kMaxOutput,
                .max_errors = kMaxOpErrors,
                .after_timeout = "unlock 1Password and answer its prompt, or raise `timeout` in [[secrets.providers]]",
                .after_start = "correct `path` in [[secrets.providers]]"};
  if (provider_.timeout) run.deadline = std::min(deadline, std::chrono::steady_clock::now() + *provider_.timeout);

  const auto result = run_helper(settings_, std::move(run));
  if (!result) return std::unexpected(result.error());
  if (result->code != 0) return std::unexpected(explain_op_failure(result->errors.view(), result->code, item));
  return take_value(result->output.view(), item);
}

Result<std::filesystem::path> OnePasswordSource::program() const {
  if (provider_.path) return *provider_.path;
  if (auto found = finder_.find("op")) return *std::move(found);
  return fail(Errc::store_unavailable,
              "1Password's `op` is in no folder of PATH; install the 1Password CLI, or give its place as `path` in "
              "[[secrets.providers]]");
}

// `op` caches by way of a background process, which outlives it and has been seen to hang and to pile up where no user
// can answer it. Secrets are kept here already, and a value that was rotated must be seen.
std::vector<std::string> OnePasswordSource::environment() const {
  auto given = helper_environment(settings_.environment, "op");
  const auto is_cache = [](std::string_view variable) { return variable.starts_with("OP_CACHE="); };
  if (std::ranges::none_of(given, is_cache)) given.emplace_back("OP_CACHE=false");
  return given;
}

}  // namespace

std::unique_ptr<SecretSource> make_onepassword_source(const HelperSettings& settings, SecretProvider provider) {
  return std::make_unique<OnePasswordSource>(settings, std::move(provider));
}

}  // namespace cordon::secrets
