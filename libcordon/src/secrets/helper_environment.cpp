#include "secrets/helper_environment.hpp"

#include <algorithm>
#include <array>

namespace cordon::secrets {
namespace {

struct Rule {
  std::string_view program;  // empty: every program
  std::string_view name;     // a name, or with * at its end the beginning of one
};

constexpr Rule kRules[] = {
    // Who the user is, where programs are, how to write text.
    {"", "HOME"},
    {"", "PATH"},
    {"", "USER"},
    {"", "LOGNAME"},
    {"", "LANG"},
    {"", "LC_*"},
    {"", "TMPDIR"},
    // Where settings and the sockets of agents are.
    {"", "XDG_CONFIG_HOME"},
    {"", "XDG_DATA_HOME"},
    {"", "XDG_RUNTIME_DIR"},
    {"", "DBUS_SESSION_BUS_ADDRESS"},
    {"", "GNUPGHOME"},
    {"", "PASSWORD_STORE_DIR"},
    // Where to ask for a passphrase or show a prompt.
    {"", "TERM"},
    {"", "GPG_TTY"},
    {"", "DISPLAY"},
    {"", "WAYLAND_DISPLAY"},
    {"", "XAUTHORITY"},
    // What one program documents for itself, its own credential included.
    {"pass", "PASSWORD_STORE_*"},
    {"op", "OP_*"},
    {"vault", "VAULT_ADDR"},
    {"vault", "VAULT_NAMESPACE"},
    {"vault", "VAULT_TOKEN"},
    {"bao", "BAO_ADDR"},
    {"bao", "BAO_NAMESPACE"},
    {"bao", "BAO_TOKEN"},
    {"bw", "BITWARDENCLI_APPDATA_DIR"},
    {"bw", "BW_SESSION"},
    {"aws", "AWS_ACCESS_KEY_ID"},
    {"aws", "AWS_CONFIG_FILE"},
    {"aws", "AWS_DEFAULT_REGION"},
    {"aws", "AWS_PROFILE"},
    {"aws", "AWS_REGION"},
    {"aws", "AWS_SECRET_ACCESS_KEY"},
    {"aws", "AWS_SESSION_TOKEN"},
    {"aws", "AWS_SHARED_CREDENTIALS_FILE"},
    {"gcloud", "CLOUDSDK_ACTIVE_CONFIG_NAME"},
    {"gcloud", "CLOUDSDK_CONFIG"},
    {"sops", "SOPS_AGE_KEY_FILE"},
    {"ssh", "SSH_AUTH_SOCK"},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

// A pattern with * could take in a name that a later version of a program invents.
bool is_never_given(std::string_view name) {
  constexpr std::array<std::string_view, 5> kParts = {"PROXY", "proxy", "CERT", "CA_", "CAPATH"};
  return std::ranges::any_of(kParts, [name](std::string_view part) { return name.contains(part); });
}

bool is_given(std::string_view name, std::string_view program) {
  return !is_never_given(name) && std::ranges::any_of(kRules, [=](const Rule& rule) {
    return (rule.program.empty() || rule.program == program) && matches(rule.name, name);
  });
}

}  // namespace

std::vector<std::string> helper_environment(const Environment& environment, std::string_view program) {
  std::vector<std::string> given;
  for (const auto& [name, value] : environment) {
    if (is_given(name, program)) given.push_back(name + "=" + value);
  }
  return given;
}

}  // namespace cordon::secrets
