// Bindings in words, for the people who judge them.
#include <array>

#include <fmt/format.h>

#include <cordon/bindings.hpp>

#include "base/files.hpp"
#include "config/text.hpp"

namespace cordon {
namespace {

std::string term_text(const std::string& term) {
  struct Wording {
    std::string_view key, words;
  };
  constexpr std::array kWordings = {Wording{"upstream_ca_path=", "trusting the roots in "},
                                    Wording{"header_name=", "in the field "}};
  if (term == "allow_plaintext") return "without TLS too (allow_plaintext)";
  for (const Wording& wording : kWordings) {
    if (term.starts_with(wording.key))
      return std::string(wording.words) + config::escaped(std::string_view(term).substr(wording.key.size()));
  }
  return "with " + config::escaped(term);
}

}  // namespace

std::string reference_text(const Binding& binding) {
  std::string out;
  for (const std::string& word : binding.secret)
    out += (out.empty() ? "" : " ") + base::shell_word(config::escaped(word));
  return out;
}

std::string destination_text(const Binding& binding) {
  const std::string host = binding.host.contains(':') ? "[" + binding.host + "]" : binding.host;
  return binding.ports.any ? host + ":*" : fmt::format("{}:{}", host, fmt::join(binding.ports.list, ","));
}

std::string describe(const RequestedBinding& requested) {
  const std::string terms = terms_text(requested.binding);
  return fmt::format("{}: {} to {}{}{}", requested.name, requested.source, destination_text(requested.binding),
                     terms.empty() ? "" : ", ", terms);
}

std::string terms_text(const Binding& binding) {
  std::string out;
  for (const std::string& term : binding.terms) {
    if (!term.starts_with("name=")) out += (out.empty() ? "" : ", ") + term_text(term);
  }
  return out;
}

}  // namespace cordon
