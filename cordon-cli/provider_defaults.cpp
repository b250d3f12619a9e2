#include "provider_defaults.hpp"

#include <algorithm>
#include <array>

namespace cordon::cli {
namespace {

constexpr std::string_view kBearer = "Bearer";
constexpr std::string_view kAuthorization = "Authorization";

constexpr auto kProviders = std::to_array<Provider>({
    // An Authorization header is answered with 401 there.
    {"api.anthropic.com", "anthropic", "x-api-key", "", ""},
    {"generativelanguage.googleapis.com", "gemini", "x-goog-api-key", "", ""},
    {"api.openai.com", "openai", kAuthorization, kBearer, ""},
    {"api.deepseek.com", "deepseek", kAuthorization, kBearer, ""},
    {"api.groq.com", "groq", kAuthorization, kBearer, ""},
    {"openrouter.ai", "openrouter", kAuthorization, kBearer, ""},
    {"api.mistral.ai", "mistral", kAuthorization, kBearer, ""},
    {"api.together.xyz", "together", kAuthorization, kBearer, ""},
    {"api.fireworks.ai", "fireworks", kAuthorization, kBearer, ""},
    {"api.x.ai", "xai", kAuthorization, kBearer, ""},
    {"api.stripe.com", "stripe", kAuthorization, kBearer, ""},
    {"api.sendgrid.com", "sendgrid", kAuthorization, kBearer, ""},
    {"api.github.com", "github", kAuthorization, kBearer, ""},
    // git over HTTPS: any user name, and a token for the password.
    {"github.com", "github-git", "", "", "x-access-token"},
});

std::string folded(std::string_view host) {
  std::string out(host);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (out.ends_with('.')) out.pop_back();
  return out;
}

bool is_address(std::string_view host) {
  return host.contains(':') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

const Provider* find_provider(std::string_view host) {
  const std::string canonical = folded(host);
  const auto found = std::ranges::find(kProviders, canonical, &Provider::host);
  return found == kProviders.end() ? nullptr : &*found;
}

std::string route_name_for(std::string_view host) {
  if (const Provider* known = find_provider(host)) return std::string(known->name);
  std::string name = folded(host);
  if (is_address(name)) return "host-" + name.substr(name.find_first_not_of("[:"));
  const std::size_t last = name.rfind('.');
  if (last != std::string::npos) name.resize(last);
  for (const std::string_view prefix : {"api.", "www."})
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  std::ranges::replace(name, '.', '-');
  return name;
}

}  // namespace cordon::cli
