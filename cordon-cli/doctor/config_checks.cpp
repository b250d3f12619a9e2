// The config, the state folder, the bindings and the tokens.
#include <fmt/format.h>

#include <algorithm>

#include <cordon/bindings.hpp>
#include <cordon/token_set.hpp>

#include "approvals.hpp"
#include "doctor/finding.hpp"
#include "named_secret.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr const char* kBindings = "bindings";
constexpr const char* kTokens = "tokens";

Finding config_fault(const Patient& patient, std::string text) {
  return {"config", "", Verdict::failure, std::move(text), patient.command("check")};
}

/// `check` says no more of a warning than it does here: the command that mends it, where there is one.
std::string fix_of(const Patient& patient, const ConfigFault& warning) {
  if (warning.message.contains("no routes and no listeners")) return patient.command("route add");
  if (warning.message.contains("chmod g-w")) return "chmod g-w " + shell_quoted(patient.instance.config.string());
  return patient.command("check");
}

std::vector<std::string> names_of(const std::vector<TokenInfo>& tokens) {
  std::vector<std::string> names;
  for (const TokenInfo& token : tokens)
    names.push_back(token.name);
  return names;
}

/// There is no tokens.toml: nobody can show what a listener may demand all the same.
Findings without_tokens(const Patient& patient) {
  const std::string fix = patient.command("token rotate");
  Findings findings = {
      {kTokens, "", Verdict::warning, "none is asked for: every program of yours may use the routes", fix}};
  for (const Listener& listener : patient.config().listeners)
    if (listener.require_token)
      findings.push_back(
          {kTokens, listener.name, Verdict::failure, "the listener demands a token, and there is none", fix});
  return findings;
}

/// A token may be for a route that is no more.
void add_lost_routes(const Patient& patient, const TokenInfo& token, Findings& findings) {
  const auto secrets = secrets_of(patient.config());
  for (const std::string& route : token.routes) {
    if (std::ranges::find(secrets, route, &NamedSecret::name) != secrets.end()) continue;
    findings.push_back({kTokens, token.name, Verdict::warning,
                        fmt::format("is for a route `{}`, and there is none of that name", route),
                        patient.command("token revoke") + " " + shell_quoted(token.name)});
  }
}

}  // namespace

Findings check_config(const Patient& patient) {
  Findings findings;
  for (const ConfigFault& fault : patient.faults)
    findings.push_back(config_fault(patient, fault.to_string()));
  if (!patient.target) return findings;
  for (const ConfigFault& warning : patient.target->warnings)
    findings.push_back({"config", "", Verdict::warning, warning.to_string(), fix_of(patient, warning)});
  if (findings.empty()) {
    const std::string routes = counted(patient.config().routes.size(), "route");
    const std::size_t listeners = patient.config().listeners.size();
    findings.push_back({"config", "", Verdict::ok,
                        fmt::format("{}: {}{}", patient.instance.config.string(), routes,
                                    listeners == 0 ? "" : fmt::format(", {}", counted(listeners, "listener")))});
  }
  return findings;
}

Findings check_state(const Patient& patient) {
  const auto safe = check_state_folder(patient.instance);
  if (safe) return {{"state folder", "", Verdict::ok, patient.instance.state.string()}};
  const Error& error = safe.error();
  return {{"state folder", "", Verdict::failure, error.message(),
           mode_fix(error, with_state_folders(patient.instance, patient.instance.state), "")}};
}

Findings check_bindings(const Patient& patient) {
  const auto review = review_recorded(patient.context, *patient.target);
  if (!review) {
    const Error& error = review.error();
    return {
        {kBindings, "", Verdict::failure, error.message(),
         mode_fix(error, with_state_folders(patient.instance, patient.instance.bindings), patient.command("approve"))}};
  }
  Findings findings;
  const bool required = review->rule == ApprovalRule::required;
  for (const RequestedBinding& binding : review->unapproved) {
    const std::string_view consequence = required              ? "; its requests are refused"
                                         : review->first_start ? "; the first start takes it as approved"
                                                               : "";
    findings.push_back({kBindings, binding.name, required ? Verdict::failure : Verdict::warning,
                        fmt::format("{}: {}{}", standing_of(*review, binding.name), describe(binding), consequence),
                        patient.command("approve")});
  }
  if (findings.empty()) findings.push_back({kBindings, "", Verdict::ok, "all approved"});
  return findings;
}

Findings check_tokens(const Patient& patient) {
  const TokenFile file(patient.instance.tokens);
  if (!file.exists()) return without_tokens(patient);
  const auto tokens = file.list();
  if (!tokens) {
    const Error& error = tokens.error();
    return {{kTokens, "", Verdict::failure, error.message(),
             mode_fix(error, with_state_folders(patient.instance, patient.instance.tokens), "")}};
  }
  Findings findings;
  for (const TokenInfo& token : *tokens)
    add_lost_routes(patient, token, findings);
  if (findings.empty()) {
    findings.push_back({kTokens, "", Verdict::ok,
                        fmt::format("{}: {}", counted(tokens->size(), "token"), fmt::join(names_of(*tokens), ", "))});
  }
  return findings;
}

}  // namespace cordon::cli::doctor
