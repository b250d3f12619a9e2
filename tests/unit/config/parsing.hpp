// Short forms for tests that parse a config text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <cordon/config.hpp>

namespace cordon::config {

inline const std::filesystem::path kFile = "/srv/app/cordon.toml";

/// The faults as `line:column: key: message`.
inline std::vector<std::string> lines_of(const std::vector<ConfigFault>& faults) {
  std::vector<std::string> lines;
  for (const ConfigFault& fault : faults) {
    EXPECT_EQ(fault.file, kFile);
    lines.push_back(std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": " + fault.key + ": " +
                    fault.message);
  }
  return lines;
}

inline std::vector<std::string> faults_of(const std::string& text) {
  const auto loaded = Config::parse(text, kFile);
  return loaded ? std::vector<std::string>() : lines_of(loaded.error());
}

inline std::vector<std::string> warnings_of(const std::string& text) {
  const auto loaded = Config::parse(text, kFile);
  if (loaded) return lines_of(loaded->warnings);
  ADD_FAILURE() << ::testing::PrintToString(lines_of(loaded.error()));
  return {};
}

inline Config config_of(const std::string& text) {
  auto loaded = Config::parse(text, kFile);
  if (loaded) return loaded->config;
  ADD_FAILURE() << ::testing::PrintToString(lines_of(loaded.error()));
  return {};
}

/// A matcher for one line of faults_of: begins with `place_and_key` and says `message` somewhere.
inline auto fault_at(const std::string& place_and_key, const std::string& message) {
  return ::testing::AllOf(::testing::StartsWith(place_and_key + ": "), ::testing::HasSubstr(message));
}

/// A whole config with one route; `match`, `auth` and `secret` are the lines of those tables.
struct RouteText {
  std::string top = "name = \"r\"";
  std::string match = "host = \"api.example.com\"";
  std::string auth = "type = \"header\"\nheader_name = \"X-Key\"";
  std::string secret = "source = \"env\"\nvariable = \"KEY\"";
  std::string head = "listen = 6790";

  operator std::string() const {
    return head + "\n[[routes]]\n" + top + "\n[routes.match]\n" + match + "\n[routes.auth]\n" + auth +
           "\n[routes.auth.secret]\n" + secret + "\n";
  }
};

/// Likewise with one listener.
struct ListenerText {
  std::string top = "port = 15432\nupstream = \"db.example.com\"";
  std::string auth = "type = \"password\"\nusername = \"app\"";
  std::string head = "listen = 6790";

  operator std::string() const {
    return head + "\n[[listeners]]\nname = \"l\"\n" + top + "\n[listeners.auth]\n" + auth +
           "\n[listeners.auth.secret]\nsource = \"env\"\nvariable = \"KEY\"\n";
  }
};

}  // namespace cordon::config
