#include "entry_wizard.hpp"

#include <algorithm>

#include "secret_fields.hpp"

namespace cordon::cli {
namespace {

/// The questions, each of which may end it all.
class Wizard {
 public:
  Wizard(Prompt& prompt, const EntryKind& kind, ConfigEntry entry, const EntryFlags& given, const Taken& taken)
      : prompt_(prompt), kind_(kind), entry_(std::move(entry)), given_(given), taken_(taken) {}

  Answer<ConfigEntry> run() && {
    ask(field_of(kind_, kind_.destination));
    remark();
    kind_.fill_defaults(entry_, taken_);
    for (const std::string_view key : kind_.asked)
      ask(field_of(kind_, key));
    for (const EntryField& field : kind_.fields)
      if (field.selector == kSourceKey) ask(field);
    if (gave_up_) return std::unexpected(*gave_up_);
    return std::move(entry_);
  }

 private:
  void remark() {
    const std::string text = gave_up_ ? "" : kind_.remark(entry_);
    if (!text.empty()) prompt_.say(text);
  }

  void ask(const EntryField& field) {
    if (gave_up_ || given_.has(field.key) || field.question.empty() || !belongs(kind_, field, entry_)) return;
    if (!field.choices.empty())
      take(choose(field), field);
    else if (field.form == FieldForm::flag)
      take(confirm(field), field);
    else
      take(ask_text(field), field);
  }

  /// An answer that is what the key's absence stands for, too, does not make the key appear.
  void take(const Answer<std::string>& answer, const EntryField& field) {
    if (!answer)
      gave_up_ = answer.error();
    else if (entry_.find(field.key) != nullptr || field.otherwise.empty() || *answer != field.otherwise)
      set_text(kind_, entry_, field, *answer);
  }

  Answer<std::string> ask_text(const EntryField& field) {
    const bool needed = is_needed(field, entry_);
    std::string preset = text_of(entry_, field);
    if (preset.empty() && needed) preset = field.key == kAccountKey ? entry_.text("name") : std::string(field.usual);
    return prompt_.text({.question = std::string(field.question) + (needed ? "" : " (optional)"),
                         .preset = std::move(preset),
                         .need = needed ? Need::required : Need::optional,
                         .objection = [&](std::string_view text) { return object(field, text); }});
  }

  Answer<std::string> confirm(const EntryField& field) {
    const bool is_set = entry_.find(field.key) != nullptr;
    const auto answer = prompt_.confirm(field.question, is_set ? Preset::yes : Preset::no);
    if (!answer) return std::unexpected(answer.error());
    return std::string(*answer ? "true" : "false");
  }

  Answer<std::string> choose(const EntryField& field) {
    ChoiceQuestion question{.question = std::string(field.question), .choices = {}, .preset = 0};
    for (const FieldChoice& choice : field.choices) {
      if (choice.name == entry_.text(field.key)) question.preset = question.choices.size();
      question.choices.push_back({std::string(choice.name), std::string(choice.note)});
    }
    const auto index = prompt_.choose(question);
    if (!index) return std::unexpected(index.error());
    return question.choices[*index].name;
  }

  std::optional<std::string> object(const EntryField& field, std::string_view text) const {
    if (field.key == "name" && std::ranges::find(taken_.names, text) != taken_.names.end())
      return "another route or listener has that name";
    if (const auto port = port_of(text); field.form == FieldForm::port && port && taken_.ports.contains(*port))
      return "the proxy or another listener has that port";
    return objection_to(kind_, field, text);
  }

  Prompt& prompt_;
  const EntryKind& kind_;
  ConfigEntry entry_;
  const EntryFlags& given_;
  const Taken& taken_;
  std::optional<NoAnswer> gave_up_;
};

}  // namespace

Answer<ConfigEntry> ask_entry(Prompt& prompt, const EntryKind& kind, ConfigEntry entry, const EntryFlags& given,
                              const Taken& taken) {
  return Wizard(prompt, kind, std::move(entry), given, taken).run();
}

}  // namespace cordon::cli
