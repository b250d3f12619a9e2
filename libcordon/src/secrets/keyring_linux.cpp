#include <csignal>
#include <semaphore>
#include <string>
#include <utility>

#include "secrets/keyring.hpp"
#include "secrets/secret_service_linux.hpp"

namespace cordon::secrets {
namespace {

bool is_name(const std::string& text) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != FALSE;  // a NUL is not valid either
}

Object<SecretItem>* newest_unlocked(Items& items) {
  Object<SecretItem>* newest = nullptr;
  for (auto& item : items) {
    if (secret_item_get_locked(item.get()) != FALSE) continue;
    if (newest == nullptr || secret_item_get_modified(item.get()) > secret_item_get_modified(newest->get()))
      newest = &item;
  }
  return newest;
}

class SecretServiceKeyring final : public Keyring {
 public:
  SecretServiceKeyring();

  Outcome<Secret> look_up(const KeyringRef& ref, Deadline deadline) const override;
  Outcome<> store(const KeyringRef& ref, const Secret& value, Deadline deadline) const override;
  Outcome<> remove(const KeyringRef& ref, Deadline deadline) const override;

 private:
  class Turn;

  // One conversation at a time: GLib makes the connection under a lock that no deadline reaches.
  mutable std::binary_semaphore free_{1};
};

class SecretServiceKeyring::Turn {
 public:
  Turn(const SecretServiceKeyring& keyring, Deadline deadline)
      : keyring_(keyring), taken_(keyring.free_.try_acquire_until(deadline)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (taken_) keyring_.free_.release();
  }

  Outcome<> open(Conversation& conversation, const KeyringRef& ref) const {
    if (!taken_) return std::unexpected(KeyringFault::timed_out);
    if (!is_name(ref.service) || !is_name(ref.account)) return std::unexpected(KeyringFault::bad_name);
    return conversation.open();
  }

 private:
  const SecretServiceKeyring& keyring_;
  bool taken_;
};

// The first socket of GLib's has SIGPIPE ignored for the whole process, which is the host's to decide. Its D-Bus sends with
// MSG_NOSIGNAL and does not need it.
SecretServiceKeyring::SecretServiceKeyring() {
  struct sigaction before {};
  ::sigaction(SIGPIPE, nullptr, &before);
  g_type_class_unref(g_type_class_ref(G_TYPE_SOCKET));
  ::sigaction(SIGPIPE, &before, nullptr);
}

Keyring::Outcome<Secret> SecretServiceKeyring::look_up(const KeyringRef& ref, Deadline deadline) const {
  const Turn turn(*this, deadline);
  Conversation conversation(deadline);
  if (auto open = turn.open(conversation, ref); !open) return std::unexpected(open.error());
  auto items = conversation.find(ref, "account");
  // The library go-keyring has a name of its own for the attribute.
  if (items && items->empty() && !ref.decode.empty()) items = conversation.find(ref, "username");
  if (!items) return std::unexpected(items.error());
  if (auto* newest = newest_unlocked(*items)) return conversation.value_of(newest->get());
  return std::unexpected(items->empty() ? conversation.why_missing() : KeyringFault::locked);
}

Keyring::Outcome<> SecretServiceKeyring::store(const KeyringRef& ref, const Secret& value, Deadline deadline) const {
  const Turn turn(*this, deadline);
  Conversation conversation(deadline);
  if (auto open = turn.open(conversation, ref); !open) return open;
  return conversation.create(ref, value);
}

Keyring::Outcome<> SecretServiceKeyring::remove(const KeyringRef& ref, Deadline deadline) const {
  const Turn turn(*this, deadline);
  Conversation conversation(deadline);
  if (auto open = turn.open(conversation, ref); !open) return open;
  auto items = conversation.find(ref, "account");
  if (!items) return std::unexpected(items.error());
  if (items->empty()) return std::unexpected(conversation.why_missing());
  Outcome<> result;
  for (const auto& item : *items) {
    const bool locked = secret_item_get_locked(item.get()) != FALSE;
    auto removed = locked ? Outcome<>(std::unexpected(KeyringFault::locked)) : conversation.remove(item.get());
    if (!removed) result = std::move(removed);
  }
  return result;
}

}  // namespace

std::unique_ptr<Keyring> system_keyring() {
  return std::make_unique<SecretServiceKeyring>();
}

}  // namespace cordon::secrets
