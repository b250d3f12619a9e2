#include "failure.hpp"

#include <fmt/format.h>

namespace cordon::cli {

std::string ca_remedy(const Target& target, const TargetOptions& options) {
  if (target.config.tls.ca_cert_path || target.config.tls.ca_key_path)
    return fmt::format(
        "{} names this CA: put one that can be used in its place, or leave out `ca_cert_path` and `ca_key_path`",
        target.instance.config.string());
  return fmt::format("for a new CA, which programs then have to trust: {}", command_line("ca rotate", options));
}

std::string token_remedy(const TargetOptions& options) {
  return fmt::format("the tokens that there are: {}", command_line("token list", options));
}

std::optional<std::string> remedy(const Error& error, const Target& target, const TargetOptions& options) {
  if (error.code == Errc::ca_invalid) return ca_remedy(target, options);
  if (error.code == Errc::token_invalid) return token_remedy(options);
  return std::nullopt;
}

void report_errors(const Context& context, const std::vector<Error>& errors, const Target& target,
                   const TargetOptions& options) {
  for (const Error& error : errors)
    context.terminal.error(error.message());
  for (const Error& error : errors)
    if (const auto words = remedy(error, target, options)) context.terminal.hint(*words);
}

Exit fail_with(const Context& context, const Error& error) {
  context.terminal.error(error.message());
  return Exit::failed;
}

Exit fail_with(const Context& context, const Error& error, const Target& target, const TargetOptions& options) {
  report_errors(context, {error}, target, options);
  return Exit::failed;
}

}  // namespace cordon::cli
