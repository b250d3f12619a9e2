// The environment of the shell that this runs in: whether programs started there go through the proxy and trust it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string_view>

#include <cordon/token_set.hpp>

#include "client_environment.hpp"
#include "doctor/finding.hpp"
#include "system_store.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr const char* kProxy = "shell proxy";
constexpr const char* kDirect = "shell no_proxy";
constexpr const char* kRoots = "shell roots";

std::string_view value_of(const Patient& patient, std::string_view name) {
  const auto found = patient.context.environment.find(name);
  return found == patient.context.environment.end() ? std::string_view() : std::string_view(found->second);
}

std::string set_anew(const Patient& patient) {
  return fmt::format("eval \"$({})\"", patient.command("env"));
}

/// The parts of a proxy variable. Views into it: the password is a token.
struct ProxyAddress {
  std::string_view user, password, host, port;

  bool is_here(std::uint16_t own_port) const {
    const bool loopback = host == "127.0.0.1" || host == "localhost" || host == "[::1]";
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return loopback && error == std::errc() && end == port.data() + port.size() && number == own_port;
  }
};

/// What stands before `mark`, taken from the front of `text` with it; nothing when there is no mark.
std::optional<std::string_view> take_until(std::string_view& text, std::size_t at, std::size_t mark_size) {
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + mark_size);
  return before;
}

ProxyAddress parse_proxy(std::string_view text) {
  ProxyAddress address;
  take_until(text, text.find("://"), 3);
  text = text.substr(0, text.find('/'));
  if (const auto login = take_until(text, text.rfind('@'), 1)) {
    const std::size_t colon = login->find(':');
    address.user = login->substr(0, colon);
    if (colon != std::string_view::npos) address.password = login->substr(colon + 1);
  }
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  address.host = text.substr(0, has_port ? colon : std::string_view::npos);
  if (has_port) address.port = text.substr(colon + 1);
  return address;
}

/// What is wrong with the login that a proxy variable carries, and the name of its token when nothing is.
struct Login {
  std::string fault;
  std::string token;
};

Login judge_login(const Patient& patient, const ProxyAddress& address) {
  const TokenFile file(patient.instance.tokens);
  if (!file.exists()) return {};
  if (address.password.empty()) return {"carries no token, and one is asked for", {}};
  if (address.user != patient.instance.name) return {"is for another instance", {}};
  const auto tokens = file.load();
  if (!tokens) return {"cannot be compared with the tokens, which cannot be read", {}};
  const TokenEntry* entry = tokens->find(address.password);
  return entry == nullptr ? Login{"carries a token that is not accepted any more", {}} : Login{{}, entry->info.name};
}

Finding proxy_finding(const Patient& patient, const char* variable) {
  const ProxyAddress address = parse_proxy(value_of(patient, variable));
  if (!address.is_here(patient.config().listen)) {
    return {kProxy, variable, Verdict::warning,
            fmt::format("goes to {}{}{}, not to this instance (127.0.0.1:{})", address.host,
                        address.port.empty() ? "" : ":", address.port, patient.config().listen),
            set_anew(patient)};
  }
  const Login login = judge_login(patient, address);
  if (!login.fault.empty()) return {kProxy, variable, Verdict::failure, login.fault, set_anew(patient)};
  return {kProxy, variable, Verdict::ok,
          login.token.empty() ? "goes to this instance"
                              : fmt::format("goes to this instance with the token {}", login.token)};
}

bool goes_here(const Patient& patient) {
  return std::ranges::any_of(proxy_variables(), [&](const char* variable) {
    return parse_proxy(value_of(patient, variable)).is_here(patient.config().listen);
  });
}

Findings proxy_findings(const Patient& patient) {
  Findings findings;
  for (const char* variable : proxy_variables()) {
    if (!value_of(patient, variable).empty()) findings.push_back(proxy_finding(patient, variable));
  }
  // One line for those that are well.
  const bool well =
      std::ranges::all_of(findings, [](const Finding& finding) { return finding.verdict == Verdict::ok; });
  if (findings.empty()) {
    return {{kProxy, "", Verdict::skipped, "programs started here do not go through the proxy", set_anew(patient)}};
  }
  return well ? Findings{findings.front()} : findings;
}

/// Whether an entry of NO_PROXY keeps `host` from the proxy, as most programs read it: the name itself and all below it.
bool hides(std::string_view entry, std::string_view host) {
  if (entry == "*") return true;
  while (entry.starts_with('*') || entry.starts_with('.'))
    entry.remove_prefix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

void add_hidden(const Patient& patient, std::string_view list, std::string_view from, const std::string& fix,
                Findings& findings) {
  for (const Route& route : patient.config().routes) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(", \t"), rest.size());
      const std::string_view entry = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!hides(entry, route.host)) continue;
      // The usual entries for this machine itself, which `cordon env` writes too.
      const bool usual = entry == "localhost" || entry == "127.0.0.1" || entry == "::1";
      findings.push_back({kDirect, route.name, usual ? Verdict::warning : Verdict::failure,
                          fmt::format("`{}` in {} keeps requests to {} from the proxy", entry, from, route.host),
                          usual ? "name the host by another name in the config and in the program" : fix});
      break;
    }
  }
}

Findings direct_findings(const Patient& patient) {
  Findings findings;
  const std::string again = fmt::format("unset NO_PROXY no_proxy; {}", set_anew(patient));
  for (const char* variable : {"NO_PROXY", "no_proxy"}) {
    if (!findings.empty()) break;  // both are mostly the same
    add_hidden(patient, value_of(patient, variable), variable, again, findings);
  }
  const std::string own = fmt::format("{}", fmt::join(patient.config().no_proxy, ","));
  if (findings.empty()) {
    add_hidden(patient, own, "`[env] no_proxy`", fmt::format("take it out of {}", patient.instance.config.string()),
               findings);
  }
  if (findings.empty()) findings.push_back({kDirect, "", Verdict::ok, "hides no route"});
  return findings;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A variable that names a list of roots. Nothing when it is well.
std::optional<Finding> roots_finding(const Patient& patient, const char* variable, const CaInfo& ca, bool here) {
  const std::string path(value_of(patient, variable));
  if (path.empty()) return std::nullopt;
  const CaPaths paths = patient.target->ca_paths();
  if (path == paths.cert.string()) {
    return Finding{kRoots, variable, Verdict::failure, "is the CA alone: programs would trust nothing else",
                   set_anew(patient)};
  }
  const std::string content = content_of(path);
  if (content.empty()) {
    return Finding{kRoots, variable, Verdict::failure, fmt::format("names {}, which cannot be read", path),
                   set_anew(patient)};
  }
  if (here && content.find(ca.pem) == std::string::npos) {
    return Finding{kRoots, variable, Verdict::failure,
                   fmt::format("names {}, in which this instance's CA is not", path), set_anew(patient)};
  }
  return std::nullopt;
}

Findings roots_findings(const Patient& patient) {
  if (!patient.ca || !*patient.ca) return {{kRoots, "", Verdict::skipped, "there is no CA"}};
  const CaInfo& ca = **patient.ca;
  const bool here = goes_here(patient);
  Findings findings;
  std::size_t set = 0;
  for (const char* variable : bundle_variables()) {
    set += value_of(patient, variable).empty() ? 0 : 1;
    if (auto finding = roots_finding(patient, variable, ca, here)) findings.push_back(*std::move(finding));
  }
  if (!findings.empty()) return findings;
  if (set > 0)
    return {{kRoots, "", Verdict::ok,
             fmt::format("{} well", set == 1 ? "1 variable is" : fmt::format("{} variables are", set))}};
  if (here && system_state_name(patient.instance, ca) != "trusted") {
    return {{kRoots, "", Verdict::failure, "programs started here go through the proxy and do not trust its CA",
             set_anew(patient)}};
  }
  return {{kRoots, "", here ? Verdict::ok : Verdict::skipped, "no variable names other roots than the system's"}};
}

}  // namespace

Findings check_environment(const Patient& patient) {
  Findings findings = proxy_findings(patient);
  for (auto&& more : {direct_findings(patient), roots_findings(patient)})
    findings.insert(findings.end(), more.begin(), more.end());
  return findings;
}

}  // namespace cordon::cli::doctor
