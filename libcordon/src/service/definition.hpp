// What a service is made of, before it is written down for one system or the other.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cordon/service_installer.hpp>

namespace cordon::service {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct Definition {
  std::string name;
  std::filesystem::path program;
  std::filesystem::path config;
  Variables environment;
};

/// What a file that we wrote says of its service.
struct Written {
  std::filesystem::path program;
  std::filesystem::path config;
  friend bool operator==(const Written&, const Written&) = default;
};

/// The variables of `environment` that a service is given: a PATH that finds the helper programs that the caller's finds, and
/// where settings and data of Cordon and of helpers are, when that is not the default place. Never a credential: the file is
/// not secret. And nothing in the folder of `config`, which programs write to: helpers run what is configured in such places.
Variables service_environment(const Environment& environment, const std::filesystem::path& config);

/// Whether both systems can run it from a file: absolute paths of valid UTF-8 without control characters.
/// @returns config_invalid
Result<> check_definition(const Definition& definition);

/// Whether `text` is UTF-8 without control characters, DEL included.
bool is_plain_text(std::string_view text) noexcept;

}  // namespace cordon::service
