// The variables that send a client through the proxy and make it trust the proxy's CA: `cordon env` prints them,
// `cordon run` sets them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Declares --token, which names the token that the variables carry.
void add_token_option(CLI::App& app, std::string& name);

/// The variables for clients of `target`, in a fixed order. Creates the CA when there is none, and writes the combined
/// bundle when it is out of date; with TLS disabled it touches no file. `environment` is the caller's own, for its
/// NO_PROXY. The proxy's address carries the token called `token`; an empty name means the default token, where the
/// instance has tokens at all.
Result<Variables> client_variables(const Target& target, const Environment& environment, std::string_view token = {});

/// The same with `token` as the token itself, or what stands for it. Touches no file.
Variables planned_variables(const Target& target, const Environment& environment, std::string_view token);

/// The proxy's address with `token`.
std::string planned_url(const Target& target, std::string_view token);

/// Creates the CA when there is none, and writes the combined bundle when it is out of date. With TLS disabled it does nothing.
Result<> prepare_trust(const Target& target);

/// One comma-separated list of all entries of `lists`, each of which is one too (or separated by blanks); of equal
/// entries the first stays.
std::string merge_no_proxy(const std::vector<std::string>& lists);

/// The names of the variables that hold the proxy's address.
std::span<const char* const> proxy_variables() noexcept;

/// The names of those that replace a program's list of roots, and so name the combined bundle.
std::span<const char* const> bundle_variables() noexcept;

}  // namespace cordon::cli
