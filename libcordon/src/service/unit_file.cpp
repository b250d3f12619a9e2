#include "service/unit_file.hpp"

#include <fmt/format.h>

namespace cordon::service {
namespace {

// Sections whose names begin with X- are for others than systemd (systemd.unit(5)).
constexpr std::string_view kOwnSection = "[X-Cordon]\n";
constexpr std::string_view kProgramKey = "Program=";
constexpr std::string_view kConfigKey = "Config=";
constexpr int kFirstWithSteps = 254;

// In user units, settings that need a mount namespace work only together with a user namespace, in which the kernel would no
// longer tell Cordon who its clients are. So these are the ones that need neither (systemd.exec(5)).
constexpr std::string_view kHardening =
    "NoNewPrivileges=yes\n"
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
    "RestrictNamespaces=yes\n"
    "RestrictRealtime=yes\n"
    "RestrictSUIDSGID=yes\n"
    "LockPersonality=yes\n"
    "SystemCallArchitectures=native\n"
    "SystemCallFilter=@system-service\n"
    "SystemCallErrorNumber=EPERM\n"
    "UMask=0077\n"
    "LimitCORE=0\n"
    "LimitMEMLOCK=64M\n";

/// The executable's path cannot have quotes or backslashes, not even escaped, so one that has is run by a shell, which is
/// replaced by it. The colon keeps `$` from being expanded (systemd.service(5), "Command lines").
std::string command(const Definition& definition, std::string_view verb) {
  const std::string& program = definition.program.native();
  const bool plain = program.find_first_of("\"'\\") == std::string::npos;
  const std::string start =
      plain ? quote_for_unit(":" + program)
            : fmt::format(":/bin/sh -c {} {}", quote_for_unit(R"(exec "$0" "$@")"), quote_for_unit(program));
  return fmt::format("{} {} --config {}", start, verb, quote_for_unit(definition.config.native()));
}

/// How soon after its end it is started again. Older managers know one time only: long enough that a store with a limit on
/// reads is not used up, short enough for a crash.
std::string_view back_off(int systemd_version) {
  if (systemd_version < kFirstWithSteps) return "RestartSec=5s\n";
  return "RestartSec=1s\nRestartSteps=5\nRestartMaxDelaySec=30s\n";
}

std::string environment_lines(const Variables& variables) {
  std::string out;
  for (const auto& [name, value] : variables)
    out += fmt::format("Environment={}\n", quote_for_unit(name + "=" + value));
  return out;
}

/// What quote_for_unit made of it, back; nothing when `quoted` is no such thing.
std::optional<std::string> unquote(std::string_view quoted) {
  if (quoted.size() < 2 || !quoted.starts_with('"') || !quoted.ends_with('"')) return std::nullopt;
  quoted = quoted.substr(1, quoted.size() - 2);
  std::string out;
  while (!quoted.empty()) {
    const bool escaped = quoted.starts_with('\\') || quoted.starts_with("%%");
    if (escaped) quoted.remove_prefix(1);
    if (quoted.empty()) return std::nullopt;
    out += quoted.front();
    quoted.remove_prefix(1);
  }
  return out;
}

/// The value of the line of `text` that begins with `key`.
std::optional<std::string> value_of(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    if (line.starts_with(key)) return unquote(line.substr(key.size()));
    at += line.size() + 1;
  }
  return std::nullopt;
}

}  // namespace

std::string quote_for_unit(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%') out += '%';
    out += c;
  }
  return out + '"';
}

std::string compose_unit(const Definition& definition, int systemd_version) {
  std::string out = fmt::format(
      "# Written by `cordon service install`, which writes it anew; settings of your own belong in a drop-in:\n"
      "# systemctl --user edit cordon-{0}.service. It is removed by: cordon service uninstall {0}\n"
      "[Unit]\n"
      "Description=Cordon credential proxy ({0})\n"
      // A store that is not available yet is asked again for as long as it takes.
      "StartLimitIntervalSec=0\n"
      "\n[Service]\n"
      "Type=notify\n",
      definition.name);
  out += fmt::format("ExecStart={}\nExecReload={}\n", command(definition, "start"), command(definition, "reload"));
  out += environment_lines(definition.environment);
  // 1 and 2 are what trying again cannot mend: a faulty config, a taken port.
  out += "Restart=on-failure\nRestartPreventExitStatus=1 2\n";
  out += back_off(systemd_version);
  out += "TimeoutStartSec=120s\nTimeoutStopSec=10s\n";
  out += kHardening;
  out += "\n[Install]\nWantedBy=default.target\n\n";
  out += kOwnSection;
  out += fmt::format("{}{}\n{}{}\n", kProgramKey, quote_for_unit(definition.program.native()), kConfigKey,
                     quote_for_unit(definition.config.native()));
  return out;
}

std::optional<Written> read_unit(std::string_view text) {
  const std::size_t section = text.find(fmt::format("\n{}", kOwnSection));
  if (section == std::string_view::npos) return std::nullopt;
  const std::string_view own = text.substr(section + 1 + kOwnSection.size());
  auto program = value_of(own, kProgramKey);
  auto config = value_of(own, kConfigKey);
  if (!program || !config) return std::nullopt;
  return Written{*std::move(program), *std::move(config)};
}

}  // namespace cordon::service
