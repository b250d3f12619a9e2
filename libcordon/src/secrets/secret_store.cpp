#include <cordon/secret_store.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "secrets/read_only.hpp"
#include "secrets/source.hpp"
#include "secrets/value.hpp"

#ifdef __APPLE__
#include <crt_externs.h>
#endif

namespace cordon {
namespace {

constexpr std::chrono::milliseconds kDefaultDeadline{15'000};
constexpr std::chrono::milliseconds kChangeDeadline{60'000};  // a keyring may ask its user first

char** environment_block() {
#ifdef __APPLE__
  return *_NSGetEnviron();
#else
  return ::environ;
#endif
}

// By the kind's place in SecretRef.
using Sources = std::array<std::unique_ptr<SecretSource>, std::variant_size_v<SecretRef>>;

template <class Ref, std::size_t kIndex = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<kIndex, SecretRef>, Ref>) {
    return kIndex;
  } else {
    return index_of<Ref, kIndex + 1>();
  }
}

std::unexpected<Error> fail_unplugged(const SecretRef& ref) {
  return fail(Errc::store_unavailable, fmt::format("{}: no such store is plugged in", secrets::place_of(ref)));
}

// Out of memory, or a plugged-in source that throws. what() may quote what it read.
std::unexpected<Error> fail_unexpectedly(const SecretRef& ref) {
  return fail(Errc::internal, fmt::format("{}: the store failed in an unexpected way", secrets::place_of(ref)));
}

/// What `call` of a source of `ref` returns.
template <class Call>
auto guarded(const SecretRef& ref, const Call& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception&) {
    return fail_unexpectedly(ref);
  }
}

}  // namespace

struct SecretStore::Impl {
  secrets::HelperSettings helpers;
  SecretProvider onepassword;
  Sources sources;  // refer to `helpers`; none for PluggedRef
  std::map<std::string, std::unique_ptr<SecretSource>, std::less<>> plugged;

  const SecretSource* source_of(const SecretRef& ref) const;
};

const SecretSource* SecretStore::Impl::source_of(const SecretRef& ref) const {
  const auto* plugged_ref = std::get_if<PluggedRef>(&ref);
  if (plugged_ref == nullptr) return sources[ref.index()].get();
  const auto found = plugged.find(plugged_ref->source);
  return found == plugged.end() ? nullptr : found->second.get();
}

Environment current_environment() {
  Environment environment;
  for (char** entry = environment_block(); entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

SecretStore SecretStore::create(const SecretsConfig& config, Environment environment) {
  auto impl = std::make_unique<Impl>();
  impl->helpers.environment = std::move(environment);
  for (const SecretProvider& provider : config.providers) {
    if (provider.type == "1password") impl->onepassword = provider;
  }
  impl->sources[index_of<OnePasswordRef>()] = secrets::make_onepassword_source(impl->helpers, impl->onepassword);
  impl->sources[index_of<KeyringRef>()] = secrets::make_keyring_source();
  impl->sources[index_of<EnvRef>()] = secrets::make_env_source(impl->helpers.environment);
  impl->sources[index_of<FileRef>()] = secrets::make_file_source();
  impl->sources[index_of<CommandRef>()] = secrets::make_command_source(impl->helpers);
  return SecretStore(std::move(impl));
}

SecretStore::SecretStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
SecretStore::SecretStore(SecretStore&&) noexcept = default;
SecretStore& SecretStore::operator=(SecretStore&&) noexcept = default;
SecretStore::~SecretStore() = default;

void SecretStore::plug(std::string source, std::unique_ptr<SecretSource> implementation) {
  impl_->plugged.insert_or_assign(std::move(source), std::move(implementation));
}

void SecretStore::limit_helper_descriptors(std::uint64_t soft_limit) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(soft_limit, limit.rlim_max);
  impl_->helpers.descriptor_limit = limit;
}

Result<Secret> SecretStore::fetch(const SecretRef& ref, std::chrono::milliseconds deadline) const {
  const SecretSource* source = impl_->source_of(ref);
  if (source == nullptr) return fail_unplugged(ref);
  return guarded(ref, [&]() -> Result<Secret> {
    auto value = source->fetch(ref, std::chrono::steady_clock::now() + deadline);
    if (!value) return value;
    return secrets::accept_value(std::move(*value), ref);
  });
}

Result<> SecretStore::can_change(const SecretRef& ref) const {
  const SecretSource* source = impl_->source_of(ref);
  if (source == nullptr) return fail_unplugged(ref);
  auto can = guarded(ref, [&] { return source->can_change(ref); });
  if (!can && can.error().context.empty()) can.error().context = secrets::how_to_change(ref);
  return can;
}

Result<> SecretStore::put(const SecretRef& ref, const Secret& value) const {
  if (auto can = can_change(ref); !can) return can;
  return guarded(ref, [&]() -> Result<> {
    const auto accepted = secrets::accept_value(value.clone(), ref, secrets::Direction::given);
    if (!accepted) return std::unexpected(accepted.error());
    return impl_->source_of(ref)->put(ref, *accepted, std::chrono::steady_clock::now() + kChangeDeadline);
  });
}

Result<> SecretStore::remove(const SecretRef& ref) const {
  if (auto can = can_change(ref); !can) return can;
  return guarded(
      ref, [&] { return impl_->source_of(ref)->remove(ref, std::chrono::steady_clock::now() + kChangeDeadline); });
}

std::chrono::milliseconds SecretStore::default_deadline(const SecretRef& ref) const {
  std::optional<std::chrono::milliseconds> own;
  if (const auto* command = std::get_if<CommandRef>(&ref)) own = command->timeout;
  if (std::holds_alternative<OnePasswordRef>(ref)) own = impl_->onepassword.timeout;
  return own.value_or(kDefaultDeadline);
}

FetchCost SecretStore::cost(const SecretRef& ref) const noexcept {
  const SecretSource* source = impl_->source_of(ref);
  return source == nullptr ? FetchCost::immediate : source->cost();
}

}  // namespace cordon
