// What the proxy relies on: secrets, the stores they lie in, the origins and the PostgreSQL servers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <cordon/diagnostics.hpp>

#include "approvals.hpp"
#include "doctor/finding.hpp"
#include "named_secret.hpp"
#include "system_store.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr std::chrono::days kNearEnd{7};

/// A secret that was tried.
struct Tried {
  NamedSecret secret;
  SecretTrial trial;
};

std::string fix_for(const Patient& patient, const Tried& tried) {
  const Error& error = *tried.trial.error;
  const std::string name = shell_quoted(tried.secret.name);
  const bool keyring = std::holds_alternative<KeyringRef>(tried.secret.ref);
  const bool value = error.code == Errc::secret_missing || error.code == Errc::secret_invalid;
  if (keyring && value) return fmt::format("{} {}", patient.command("secret set"), name);
  const auto* file = std::get_if<FileRef>(&tried.secret.ref);
  return mode_fix(error, {file != nullptr ? file->path : ""},
                  fmt::format("{} {}", patient.command("secret check"), name));
}

Finding finding_of(const Patient& patient, const Tried& tried) {
  const std::string where = describe(tried.secret.ref);
  if (!tried.trial.error)
    return {"secret", tried.secret.name, Verdict::ok, fmt::format("{}, in {}", where, to_string(tried.trial.took))};
  const std::string detail =
      fmt::format("{}: {} (after {})", where, tried.trial.error->message(), to_string(tried.trial.took));
  // The proxy looks into its own environment, not into this one.
  const bool may_differ = patient.healthy && std::holds_alternative<EnvRef>(tried.secret.ref);
  if (may_differ) {
    return {"secret", tried.secret.name, Verdict::warning,
            detail + "; the running proxy may have it in its own environment", patient.command("status")};
  }
  return {"secret", tried.secret.name, Verdict::failure, detail, fix_for(patient, tried)};
}

/// A store outside of this machine's files, which may be locked or gone as a whole.
struct Store {
  std::string_view name;
  bool (*holds)(const SecretRef& ref);
  std::string_view fix;
};

constexpr std::array<Store, 2> kStores = {{
    {"1Password", [](const SecretRef& ref) { return std::holds_alternative<OnePasswordRef>(ref); }, "op whoami"},
    {"keyring", [](const SecretRef& ref) { return std::holds_alternative<KeyringRef>(ref); },
     "unlock the keyring, or log in to a desktop session that does"},
}};

bool tells_of_store(const Error& error) {
  return error.code == Errc::store_unavailable || error.code == Errc::secret_timeout;
}

/// What the fetches tell of the store itself: one that answers for one secret is reachable.
void add_store(const Store& store, const std::vector<Tried>& all, Findings& findings) {
  const Error* trouble = nullptr;
  std::size_t count = 0, answered = 0;
  for (const Tried& tried : all) {
    if (!store.holds(tried.secret.ref)) continue;
    ++count;
    if (tried.trial.error && tells_of_store(*tried.trial.error))
      trouble = &*tried.trial.error;
    else
      ++answered;
  }
  if (count == 0) return;
  if (answered > 0)
    findings.push_back({"store", std::string(store.name), Verdict::ok, "answers"});
  else
    findings.push_back(
        {"store", std::string(store.name), Verdict::failure, trouble->message(), std::string(store.fix)});
}

std::vector<Tried> try_all(const Patient& patient, std::vector<NamedSecret> secrets) {
  auto store = SecretStore::create(patient.config().secrets, patient.context.environment);
  store.limit_helper_descriptors(patient.helper_descriptors);
  std::vector<SecretRef> refs;
  for (const NamedSecret& secret : secrets)
    refs.push_back(secret.ref);
  auto trials = try_secrets(store, refs);
  std::vector<Tried> tried;
  for (std::size_t i = 0; i < secrets.size(); ++i)
    tried.push_back({std::move(secrets[i]), std::move(trials[i])});
  return tried;
}

/// The secrets whose use is approved. The others are found skipped, whatever a start would do: who runs this looks around, and has
/// not agreed to the commands of a config that somebody else may have written.
std::vector<NamedSecret> fetchable(const Patient& patient, Findings& findings) {
  auto secrets = secrets_of(patient.config());
  const auto review = review_recorded(patient.context, *patient.target);
  std::erase_if(secrets, [&](const NamedSecret& secret) {
    const bool approved = review && std::ranges::find(review->unapproved, secret.name, &RequestedBinding::name) ==
                                        review->unapproved.end();
    if (!approved)
      findings.push_back(
          {"secret", secret.name, Verdict::skipped, "not approved, so not fetched", patient.command("approve")});
    return !approved;
  });
  return secrets;
}

std::string address_of(const OriginTrial& trial) {
  const bool literal6 = trial.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", literal6 ? "[" : "", trial.host, literal6 ? "]" : "", trial.port);
}

// Commands that show more of what is wrong on the way.

std::string look_at_origin(const OriginTrial& trial) {
  return fmt::format("curl -v --noproxy '*' {}://{}/", trial.tls ? "https" : "http", address_of(trial));
}

std::string look_at_server(const OriginTrial& trial) {
  if (!trial.tls) return fmt::format("pg_isready -h {} -p {}", trial.host, trial.port);
  return fmt::format("openssl s_client -starttls postgres -connect {}", address_of(trial));
}

/// What is tried of one kind.
struct Trials {
  const char* check;
  std::string_view edit;  ///< The command that changes one.
  std::string (*look_closer)(const OriginTrial& trial);
};

constexpr Trials kOfOrigins{"upstream", "route edit", look_at_origin};
constexpr Trials kOfServers{"postgres", "listener edit", look_at_server};

/// Whether the certificate is one for which no root vouches that is known here.
bool is_of_unknown_issuer(const Error& error) {
  return error.code == Errc::upstream_tls && error.message().contains("trusted roots");
}

/// Whether it is the file of roots: no other is read on the way.
bool is_of_roots_file(const Error& error) {
  return error.code == Errc::file_missing || error.code == Errc::file_failed || error.code == Errc::file_unsafe;
}

std::string fix_for(const Patient& patient, const Trials& trials, const OriginTrial& trial) {
  std::string look = trials.look_closer(trial);
  const std::string name_roots =
      fmt::format("{} {} --upstream-ca-path FILE", patient.command(trials.edit), shell_quoted(trial.name));
  if (is_of_roots_file(*trial.error))
    return fmt::format("let it be a file that can be read and that only you can write to, or name another: {}",
                       name_roots);
  if (!is_of_unknown_issuer(*trial.error)) return look;
  return fmt::format(
      "{}, where FILE has the certificates of its CA, if the server is yours or you have them from whoever "
      "runs it; to see what it shows: {}",
      name_roots, look);
}

Finding finding_of(const Patient& patient, const Trials& trials, const OriginTrial& trial) {
  const std::string address = address_of(trial);
  if (trial.error) {
    return {trials.check, trial.name, Verdict::failure,
            fmt::format("{}: {}: {}", address, name(trial.error->code), trial.error->message()),
            fix_for(patient, trials, trial)};
  }
  if (!trial.tls)
    return {trials.check, trial.name, Verdict::ok,
            fmt::format("{} answers, without TLS, in {}", address, to_string(trial.took))};
  const std::string end = trial.certificate_end ? date_text(*trial.certificate_end) : "unknown";
  const bool near = trial.certificate_end && *trial.certificate_end < std::chrono::system_clock::now() + kNearEnd;
  return {trials.check, trial.name, near ? Verdict::warning : Verdict::ok,
          fmt::format("{} answers in {}, certificate valid until {}", address, to_string(trial.took), end)};
}

}  // namespace

Findings check_secrets(const Patient& patient) {
  Findings findings;
  const auto tried = try_all(patient, fetchable(patient, findings));
  for (const Tried& one : tried)
    findings.push_back(finding_of(patient, one));
  for (const Store& store : kStores)
    add_store(store, tried, findings);
  if (findings.empty()) findings.push_back({"secret", "", Verdict::skipped, "the config names none"});
  return findings;
}

Findings check_origins(const Patient& patient) {
  Findings findings;
  for (const OriginTrial& trial : try_origins(patient.config(), patient.target->ca_paths()))
    findings.push_back(finding_of(patient, kOfOrigins, trial));
  if (findings.empty()) findings.push_back({kOfOrigins.check, "", Verdict::skipped, "the config has no routes"});
  return findings;
}

Findings check_servers(const Patient& patient) {
  Findings findings;
  for (const OriginTrial& trial : try_servers(patient.config(), patient.target->ca_paths()))
    findings.push_back(finding_of(patient, kOfServers, trial));
  return findings;
}

}  // namespace cordon::cli::doctor
