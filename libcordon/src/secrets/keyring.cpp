#include "secrets/keyring.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "secrets/go_keyring.hpp"
#include "secrets/source.hpp"

namespace cordon::secrets {
namespace {

constexpr std::string_view kGoKeyring = "go-keyring";

struct Row {
  KeyringFault fault;
  Errc code;
  std::string_view text;  // {0} is the account, {1} the service
};

constexpr Row kRows[] = {
    {KeyringFault::missing, Errc::secret_missing, "the keyring has no entry {0} of service {1}"},
    {KeyringFault::locked, Errc::store_unavailable,
     "the keyring with the entry {0} of service {1} is locked; unlock it by logging in to the desktop or with the "
     "keyring's own program, then try again"},
    {KeyringFault::no_bus, Errc::store_unavailable,
     "the keyring cannot be reached: there is no D-Bus session bus here; run inside a login session, or set "
     "DBUS_SESSION_BUS_ADDRESS"},
    {KeyringFault::no_service, Errc::store_unavailable,
     "the keyring cannot be reached: no program on the session bus offers the Secret Service; start one, such as "
     "gnome-keyring-daemon, KWallet or KeePassXC"},
    {KeyringFault::no_collection, Errc::store_unavailable,
     "there is no default keyring to store the entry {0} in; make one with the keyring's own program, then try again"},
    {KeyringFault::refused, Errc::store_unavailable,
     "the keyring refused access to the entry {0} of service {1}; allow it where the keyring asks, then try again"},
    {KeyringFault::timed_out, Errc::secret_timeout,
     "the keyring did not answer in time about the entry {0} of service {1}; it may be waiting for an answer in a "
     "window "
     "of its own"},
    {KeyringFault::bad_name, Errc::store_unavailable,
     "the service and the account of a keyring entry must be UTF-8 text without NUL"},
    {KeyringFault::failed, Errc::store_unavailable, "the keyring failed on the entry {0} of service {1}"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<std::size_t>(kRows[i].fault) != i) return false;
  }
  return true;
}

// The table is looked up by index.
static_assert(is_in_order() && std::size(kRows) == static_cast<std::size_t>(KeyringFault::failed) + 1);

std::unexpected<Error> fail_with(KeyringFault fault, const KeyringRef& ref) {
  const Row& row = kRows[static_cast<std::size_t>(fault)];
  return fail(row.code, fmt::format(fmt::runtime(row.text), ref.account, ref.service));
}

// How the missing entry gets there.
std::unexpected<Error> fail_missing(const KeyringRef& ref) {
  auto missing = fail_with(KeyringFault::missing, ref);
  missing.error().context += ref.decode == kGoKeyring
                                 ? "; sign in with the program that keeps it there (GitHub's: `gh auth login`)"
                                 : "; store it with `cordon secret set` and the name of the route or listener";
  return missing;
}

class KeyringSource final : public SecretSource {
 public:
  explicit KeyringSource(std::unique_ptr<Keyring> keyring) : keyring_(std::move(keyring)) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override;
  Result<> put(const SecretRef& ref, const Secret& value,
               std::chrono::steady_clock::time_point deadline) const override;
  Result<> remove(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override;
  Result<> can_change(const SecretRef& ref) const override;
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::unique_ptr<Keyring> keyring_;
};

Result<Secret> KeyringSource::fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const {
  const auto& entry = std::get<KeyringRef>(ref);
  auto value = keyring_->look_up(entry, deadline);
  if (!value) return value.error() == KeyringFault::missing ? fail_missing(entry) : fail_with(value.error(), entry);
  if (entry.decode != kGoKeyring) return std::move(*value);
  auto decoded = decode_go_keyring(value->reveal());
  if (decoded) return std::move(*decoded);
  return fail(Errc::secret_invalid,
              fmt::format("the keyring entry {} of service {} begins as go-keyring writes it and does not go on so",
                          entry.account, entry.service));
}

Result<> KeyringSource::put(const SecretRef& ref, const Secret& value,
                            std::chrono::steady_clock::time_point deadline) const {
  const auto& entry = std::get<KeyringRef>(ref);
  if (const auto stored = keyring_->store(entry, value, deadline); !stored) return fail_with(stored.error(), entry);
  return {};
}

Result<> KeyringSource::remove(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const {
  const auto& entry = std::get<KeyringRef>(ref);
  if (const auto removed = keyring_->remove(entry, deadline); !removed) return fail_with(removed.error(), entry);
  return {};
}

Result<> KeyringSource::can_change(const SecretRef& ref) const {
  if (std::get<KeyringRef>(ref).decode != kGoKeyring) return {};
  return fail(
      Errc::not_supported,
      "an entry with decode = \"go-keyring\" belongs to the program that wrote it; change it there (GitHub's: `gh "
      "auth login`, `gh auth logout`), or leave out `decode` and name an account of your own");
}

}  // namespace

std::unique_ptr<SecretSource> make_keyring_source(std::unique_ptr<Keyring> keyring) {
  return std::make_unique<KeyringSource>(std::move(keyring));
}

std::unique_ptr<SecretSource> make_keyring_source() {
  return make_keyring_source(system_keyring());
}

}  // namespace cordon::secrets
