// The editor of other programs' .env files: what is put is found, in one place only, and the other variables are as they were.
#include "integrations/env_edit.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void require_editing(std::string_view text) {
  const auto other = cordon::cli::find_env(text, "OTHER");
  const auto put = cordon::cli::put_env(text, "PROXY", "http://127.0.0.1:6790");
  check(put.has_value());
  check(cordon::cli::find_env(*put, "PROXY") == "http://127.0.0.1:6790");
  check(cordon::cli::find_env(*put, "OTHER") == other);
  check(cordon::cli::put_env(*put, "PROXY", "http://127.0.0.1:6790").value() == *put);
  // A byte order mark in the middle is part of a name, and none when it comes to stand at the beginning.
  if (text.contains("\xef\xbb\xbf")) return;
  check(cordon::cli::find_env(cordon::cli::erase_env(*put, "PROXY"), "OTHER") == other);
}

/// What is written can be read back, whatever it is.
void require_value(std::string_view value) {
  const auto put = cordon::cli::put_env("", "PROXY", value);
  if (put) check(cordon::cli::find_env(*put, "PROXY") == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require_editing(text);
  require_value(text);
  return 0;
}
