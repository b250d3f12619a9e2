#include "route_wizard.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "provider_defaults.hpp"

namespace cordon::cli {
namespace {

std::vector<Choice> type_choices() {
  return {{"header", "the secret in a header, as `Authorization: Bearer ...`"},
          {"basic", "user name and password, the secret being the password"}};
}

std::vector<Choice> source_choices() {
  return {{"keyring", "the system's keyring; `cordon secret set` stores it there"},
          {"1password", "an item of 1Password, by its program `op`"},
          {"env", "an environment variable of the proxy"},
          {"file", "a file that only you can read"},
          {"command", "what another program prints, as `pass show x`"}};
}

std::string free_name(std::string name, const TakenNames& taken) {
  const auto is_taken = [&](const std::string& candidate) {
    return std::ranges::find(taken, candidate) != taken.end();
  };
  if (!is_taken(name)) return name;
  for (int number = 2;; ++number)
    if (std::string numbered = fmt::format("{}-{}", name, number); !is_taken(numbered)) return numbered;
}

void set_if_absent(ConfigEntry& entry, std::string_view key, std::string_view value) {
  if (entry.find(key) == nullptr && !value.empty()) entry.set(key, std::string(value));
}

/// What a provider wants, where the entry does not say something else.
void fill_auth(ConfigEntry& entry, const Provider& provider) {
  const bool basic = provider.header_name.empty();
  set_if_absent(entry, "auth.type", basic ? "basic" : "header");
  if (entry.text("auth.type") != (basic ? "basic" : "header")) return;
  if (basic) return set_if_absent(entry, "auth.username", provider.username);
  set_if_absent(entry, "auth.header_name", provider.header_name);
  if (entry.text("auth.header_name") == provider.header_name) set_if_absent(entry, "auth.scheme", provider.scheme);
}

/// The questions, each of which may end it all.
class Wizard {
 public:
  Wizard(Prompt& prompt, ConfigEntry entry, const RouteFlags& given, const TakenNames& taken)
      : prompt_(prompt), entry_(std::move(entry)), given_(given), taken_(taken) {}

  Answer<ConfigEntry> run() && {
    ask("match.host");
    tell_provider();
    fill_defaults(entry_, taken_);
    ask("name");
    choose("auth.type", "How does the host want the credential?", type_choices());
    ask("auth.header_name", "Authorization");
    ask("auth.scheme", "Bearer");
    ask("auth.username");
    choose("auth.secret.source", "Where is the secret?", source_choices());
    for (const RouteField& field : route_fields())
      if (field.selector == "auth.secret.source") ask(field.key);
    if (gave_up_) return std::unexpected(*gave_up_);
    return std::move(entry_);
  }

 private:
  bool is_asked(const RouteField& field) const {
    return !gave_up_ && !given_.has(field.key) && !field.question.empty() && belongs(field, entry_);
  }

  void ask(std::string_view key, std::string_view usual = {}) {
    const RouteField& field = route_field(key);
    if (!is_asked(field)) return;
    const bool needed = is_needed(field, entry_);
    std::string preset = text_of(entry_, field);
    if (preset.empty() && needed) preset = usual_text(field, usual);
    const auto answer = prompt_.text({.question = std::string(field.question) + (needed ? "" : " (optional)"),
                                      .preset = std::move(preset),
                                      .need = needed ? Need::required : Need::optional,
                                      .objection = [&](std::string_view text) { return object(field, text); }});
    if (answer)
      set_text(entry_, field, *answer);
    else
      gave_up_ = answer.error();
  }

  std::string usual_text(const RouteField& field, std::string_view usual) const {
    return field.key == "auth.secret.account" ? entry_.text("name") : std::string(usual);
  }

  std::optional<std::string> object(const RouteField& field, std::string_view text) const {
    if (field.key == "name" && std::ranges::find(taken_, text) != taken_.end())
      return "another route or listener has that name";
    return objection_to(field, text);
  }

  void choose(std::string_view key, std::string_view question, const std::vector<Choice>& choices) {
    const RouteField& field = route_field(key);
    if (gave_up_ || given_.has(key)) return;
    const auto now = std::ranges::find(choices, entry_.text(key), &Choice::name);
    const auto index =
        prompt_.choose({.question = std::string(question),
                        .choices = choices,
                        .preset = now == choices.end() ? 0 : static_cast<std::size_t>(now - choices.begin())});
    if (index)
      set_text(entry_, field, choices[*index].name);
    else
      gave_up_ = index.error();
  }

  void tell_provider() {
    const Provider* provider = gave_up_ ? nullptr : find_provider(entry_.text("match.host"));
    if (provider == nullptr || entry_.find("auth.type") != nullptr) return;
    prompt_.say(provider->header_name.empty()
                    ? fmt::format("{} takes basic authentication.", provider->host)
                    : fmt::format("{} takes the header {}{}{}.", provider->host, provider->header_name,
                                  provider->scheme.empty() ? "" : " with the scheme ", provider->scheme));
  }

  Prompt& prompt_;
  ConfigEntry entry_;
  const RouteFlags& given_;
  const TakenNames& taken_;
  std::optional<NoAnswer> gave_up_;
};

}  // namespace

Answer<ConfigEntry> ask_route(Prompt& prompt, ConfigEntry entry, const RouteFlags& given, const TakenNames& taken) {
  return Wizard(prompt, std::move(entry), given, taken).run();
}

void fill_defaults(ConfigEntry& entry, const TakenNames& taken) {
  const std::string host = entry.text("match.host");
  if (host.empty()) return;
  set_if_absent(entry, "name", free_name(route_name_for(host), taken));
  if (const Provider* provider = find_provider(host)) fill_auth(entry, *provider);
}

}  // namespace cordon::cli
