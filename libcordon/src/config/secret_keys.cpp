#include "config/keys.hpp"
#include "config/schema.hpp"

namespace cordon::config {
namespace {

using enum Presence;

template <class Ref>
void begin(SecretRef& out) {
  out = Ref();
}

/// Reads into a member of the reference that the variant began.
template <auto kMember>
void ref_field(const Value& value, SecretRef& out) {
  if (auto* ref = std::get_if<ClassOf<kMember>>(&out)) field<kMember>(value, *ref);
}

/// A program's arguments may be empty, unlike other strings. A program given by a relative path means the file's
/// folder.
void read_argv(const Value& value, SecretRef& out) {
  auto* ref = std::get_if<CommandRef>(&out);
  const Array* array = expect<Array>(value, "an array of strings, such as [\"pass\", \"show\", \"x\"]");
  for (std::size_t i = 0; array != nullptr && ref != nullptr && i < array->size(); ++i) {
    const auto* argument = expect<std::string>(value.item(i), "a string");
    ref->argv.push_back(argument == nullptr ? std::string() : *argument);
  }
  if (ref == nullptr || ref->argv.empty() || !ref->argv.front().contains('/')) return;
  ref->argv.front() = value.reading.resolve(ref->argv.front()).native();
}

constexpr std::array<Key<SecretRef>, 4> kOnePasswordKeys = {{
    {"vault", required, ref_field<&OnePasswordRef::vault>},
    {"item", required, ref_field<&OnePasswordRef::item>},
    {"field", required, ref_field<&OnePasswordRef::field>},
    {"account", optional, ref_field<&OnePasswordRef::account>},
}};
constexpr std::array<Key<SecretRef>, 3> kKeyringKeys = {{
    {"account", required, ref_field<&KeyringRef::account>},
    {"service", optional, ref_field<&KeyringRef::service>},
    {"decode", optional, ref_field<&KeyringRef::decode>},
}};
constexpr std::array<Key<SecretRef>, 1> kEnvKeys = {{{"variable", required, ref_field<&EnvRef::variable>}}};
constexpr std::array<Key<SecretRef>, 1> kFileKeys = {{{"path", required, ref_field<&FileRef::path>}}};
constexpr std::array<Key<SecretRef>, 2> kCommandKeys = {{
    {"argv", required, read_argv},
    {"timeout", optional, ref_field<&CommandRef::timeout>},
}};

constexpr std::array<Variant<SecretRef>, 5> kSources = {{
    {"1password", begin<OnePasswordRef>, kOnePasswordKeys, ""},
    {"keyring", begin<KeyringRef>, kKeyringKeys, ""},
    {"env", begin<EnvRef>, kEnvKeys, ""},
    {"file", begin<FileRef>, kFileKeys, ""},
    {"command", begin<CommandRef>, kCommandKeys, ""},
}};

}  // namespace

void read_secret(const Value& value, SecretRef& out) {
  read_variant<SecretRef>(value, "source", kSources, out);
}

}  // namespace cordon::config
