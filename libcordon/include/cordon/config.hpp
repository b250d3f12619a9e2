// File: config.hpp
//
// cordon.toml as plain structs. `Config::load` reads a file and reports every fault of it at once; a host program may as well
// fill the structs itself and call `Config::validate`. docs/config.md explains each key for users.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cordon/error.hpp>

namespace cordon {

// Where a secret lies. A reference never holds the secret itself and may be shown.

struct OnePasswordRef {
  std::string vault, item, field;
  std::string account;  ///< Empty: whichever account `op` is signed in to.
  bool operator==(const OnePasswordRef&) const = default;
};
struct KeyringRef {
  std::string account;
  std::string service = "cordon";
  std::string decode;  ///< Empty, or "go-keyring".
  bool operator==(const KeyringRef&) const = default;
};
struct EnvRef {
  std::string variable;
  bool operator==(const EnvRef&) const = default;
};
struct FileRef {
  std::filesystem::path path;  ///< Absolute.
  bool operator==(const FileRef&) const = default;
};
struct CommandRef {
  std::vector<std::string> argv;  ///< At least one; argv[0] is looked up in PATH at its first use, and kept.
  std::optional<std::chrono::milliseconds> timeout;
  bool operator==(const CommandRef&) const = default;
};
/// An entry of a store that the host program plugged in with SecretStore::plug; never read from a file.
struct PluggedRef {
  std::string source, key;
  bool operator==(const PluggedRef&) const = default;
};

using SecretRef = std::variant<OnePasswordRef, KeyringRef, EnvRef, FileRef, CommandRef, PluggedRef>;

/// The reference in words, such as `environment variable STRIPE_KEY`. For logs and messages.
std::string describe(const SecretRef& ref);

/// `<header_name>: <scheme> <secret>`, or `<header_name>: <secret>` when the scheme is empty.
struct HeaderAuth {
  std::string header_name;
  std::string scheme;
  bool operator==(const HeaderAuth&) const = default;
};
/// `Authorization: Basic base64(<username>:<secret>)` (RFC 7617).
struct BasicAuth {
  std::string username;
  bool operator==(const BasicAuth&) const = default;
};

/// The ports that a route covers.
struct PortSet {
  bool any = false;  ///< Every port; `list` is empty then.
  std::vector<std::uint16_t> list;
  bool contains(std::uint16_t port) const noexcept;
  bool operator==(const PortSet&) const = default;
};

/// A host and the credential that requests to it get.
struct Route {
  std::string name;
  std::string host;              ///< Canonical: lower case, no trailing dot; an IPv6 literal without brackets.
  PortSet ports;                 ///< 443; with allow_plaintext also 80.
  bool allow_plaintext = false;  ///< Also without TLS, when the origin's address is loopback or private.
  std::optional<std::filesystem::path> upstream_ca_path;  ///< Roots trusted in addition to the system's. Absolute.
  std::variant<HeaderAuth, BasicAuth> auth;
  SecretRef secret;
  bool approved = true;  ///< Never from a file. False: its secret is not fetched, its requests get binding_unapproved.
};

enum class ClientTls : std::uint8_t { accept, require, disable };
enum class UpstreamTls : std::uint8_t { verify_full, disable };

/// A local PostgreSQL port and the server behind it.
struct Listener {
  std::string name;
  std::uint16_t port = 0;
  std::string upstream_host;
  std::uint16_t upstream_port = 5432;
  ClientTls client_tls = ClientTls::accept;
  UpstreamTls upstream_tls = UpstreamTls::verify_full;
  bool require_token = false;
  bool allow_weak_auth = false;
  bool allow_replication = false;
  std::optional<std::filesystem::path> upstream_ca_path;
  std::string username;
  SecretRef secret;
  bool approved = true;  ///< As Route::approved.
};

struct TlsConfig {
  bool enabled = true;
  std::optional<std::filesystem::path> ca_cert_path;  ///< Absolute; the scope's certs folder when absent.
  std::optional<std::filesystem::path> ca_key_path;
  std::optional<std::filesystem::path> upstream_ca_path;
};

/// Where a source's helper program is and how long it may take.
struct SecretProvider {
  std::string type;  ///< "1password".
  std::optional<std::filesystem::path> path;
  std::optional<std::chrono::milliseconds> timeout;
};

struct SecretsConfig {
  std::optional<std::chrono::milliseconds> cache_ttl;  ///< Absent: by source. Zero: fetch for every request.
  bool require_approval = false;
  std::vector<SecretProvider> providers;
};

/// A fault or a warning, and where in the file it is.
struct ConfigFault {
  std::filesystem::path file;
  std::uint32_t line = 0;    ///< From 1; 0 where no line can be named (a key that is missing everywhere).
  std::uint32_t column = 0;  ///< From 1.
  std::string key;           ///< Dotted, such as `routes[0].match.host`; empty for a syntax error.
  std::string message;       ///< What is wrong and what is allowed.

  /// `file:line:column: key: message`.
  std::string to_string() const;
};

struct LoadedConfig;

/// The whole of cordon.toml.
struct Config {
  std::uint16_t listen = 0;  ///< On 127.0.0.1, always. Port 0 (any free port) is for host programs, never from a file.
  TlsConfig tls;
  std::vector<Route> routes;  ///< In the file's order: the first that matches wins.
  std::vector<Listener> listeners;
  SecretsConfig secrets;
  std::vector<std::string> no_proxy;  ///< [env] no_proxy.
  std::vector<std::uint32_t> allow_uids;

  /// Reads `path`: the config with its warnings, or every fault at once (a TOML syntax error alone). Also faulted: a file
  /// that is world-writable, another user's, not a regular file, over 1 MiB or not UTF-8. Relative paths in it are resolved
  /// against its directory. Thread-safe.
  static std::expected<LoadedConfig, std::vector<ConfigFault>> load(const std::filesystem::path& path);

  /// The same without a file: `text` as if it lay at `path`, whose directory relative paths are resolved against.
  static std::expected<LoadedConfig, std::vector<ConfigFault>> parse(std::string_view text,
                                                                     const std::filesystem::path& path);

  /// The faults of a config that a host program filled in itself: the same rules, without places. Empty: none.
  std::vector<ConfigFault> validate() const;
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigFault> warnings;
};

}  // namespace cordon
