// Copies of a value that are out of our reach: libsecret's own lie in locked memory that it wipes; where the service offers an
// encrypted session, as gnome-keyring, KWallet and KeePassXC do, D-Bus messages hold cipher text only. With a service that
// offers plain sessions only, the buffers of the bus connection hold the value, are freed without being wiped, and may
// stay in freed memory. The service's own copies are its own business.
#include "secrets/secret_service_linux.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <string>

#include <fmt/core.h>

namespace cordon::secrets {
namespace {

/// A GError to be filled in.
class Failure {
 public:
  Failure() = default;
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure() { g_clear_error(&error_); }

  GError** out() noexcept { return &error_; }

  /// What happened. The text that came with it is never looked at.
  KeyringFault fault(KeyringFault otherwise = KeyringFault::failed) const noexcept;

 private:
  GError* error_ = nullptr;
};

struct Row {
  GQuark (*domain)();
  int code;
  KeyringFault fault;
};

GQuark secret_domain() {
  return secret_error_get_quark();
}

// Nothing but the deadline cancels.
constexpr Row kRows[] = {
    {g_io_error_quark, G_IO_ERROR_CANCELLED, KeyringFault::timed_out},
    {g_io_error_quark, G_IO_ERROR_TIMED_OUT, KeyringFault::timed_out},
    {g_io_error_quark, G_IO_ERROR_CLOSED, KeyringFault::no_bus},
    {g_dbus_error_quark, G_DBUS_ERROR_NO_REPLY, KeyringFault::timed_out},
    {g_dbus_error_quark, G_DBUS_ERROR_TIMEOUT, KeyringFault::timed_out},
    {g_dbus_error_quark, G_DBUS_ERROR_TIMED_OUT, KeyringFault::timed_out},
    {g_dbus_error_quark, G_DBUS_ERROR_DISCONNECTED, KeyringFault::no_bus},
    {g_dbus_error_quark, G_DBUS_ERROR_SERVICE_UNKNOWN, KeyringFault::no_service},
    {g_dbus_error_quark, G_DBUS_ERROR_NAME_HAS_NO_OWNER, KeyringFault::no_service},
    {g_dbus_error_quark, G_DBUS_ERROR_SPAWN_EXEC_FAILED, KeyringFault::no_service},
    {g_dbus_error_quark, G_DBUS_ERROR_SPAWN_CHILD_EXITED, KeyringFault::no_service},
    {g_dbus_error_quark, G_DBUS_ERROR_SPAWN_FAILED, KeyringFault::no_service},
    {g_dbus_error_quark, G_DBUS_ERROR_ACCESS_DENIED, KeyringFault::refused},
    {g_dbus_error_quark, G_DBUS_ERROR_AUTH_FAILED, KeyringFault::refused},
    {secret_domain, SECRET_ERROR_IS_LOCKED, KeyringFault::locked},
    {secret_domain, SECRET_ERROR_NO_SUCH_OBJECT, KeyringFault::missing},
};

KeyringFault Failure::fault(KeyringFault otherwise) const noexcept {
  const auto* const row = std::ranges::find_if(
      kRows, [this](const Row& r) { return g_error_matches(error_, r.domain(), r.code) != FALSE; });
  return row == std::end(kRows) ? otherwise : row->fault;
}

// Without one, GLib would try to start a bus of its own.
bool has_session_bus() {
  const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  if (address != nullptr && *address != '\0') return true;
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  std::error_code ignored;
  return folder != nullptr && std::filesystem::exists(std::filesystem::path(folder) / "bus", ignored);
}

using Attributes = Owned<GHashTable, g_hash_table_unref>;

/// As `secret-tool store service S account A` writes them. The strings stay the reference's.
Attributes attributes_of(const KeyringRef& ref, const char* account_key) {
  Attributes attributes(g_hash_table_new(g_str_hash, g_str_equal));
  const auto add = [&attributes](const char* key, const std::string& value) {
    g_hash_table_insert(attributes.get(), const_cast<char*>(key), const_cast<char*>(value.c_str()));
  };
  add("service", ref.service);
  add(account_key, ref.account);
  return attributes;
}

}  // namespace

Timer::Timer(Keyring::Deadline deadline)
    : cancellable_(g_cancellable_new()), thread_([this, deadline](const std::stop_token& over) {
        std::unique_lock lock(mutex_);
        if (!over_.wait_until(lock, over, deadline, [&over] { return over.stop_requested(); }))
          g_cancellable_cancel(cancellable_.get());
      }) {
}

Conversation::Outcome<> Conversation::open() {
  if (!has_session_bus()) return std::unexpected(KeyringFault::no_bus);
  Failure failure;
  bus_.reset(g_bus_get_sync(G_BUS_TYPE_SESSION, cancellable(), failure.out()));
  if (!bus_) {
    const KeyringFault fault = failure.fault(KeyringFault::no_bus);
    return std::unexpected(fault == KeyringFault::timed_out ? fault : KeyringFault::no_bus);
  }
  // GLib would end the process when the bus goes away.
  g_dbus_connection_set_exit_on_close(bus_.get(), FALSE);
  service_.reset(secret_service_open_sync(SECRET_TYPE_SERVICE, nullptr, SECRET_SERVICE_OPEN_SESSION, cancellable(),
                                          failure.out()));
  if (!service_) return std::unexpected(failure.fault(KeyringFault::no_service));
  return {};
}

Conversation::Outcome<Items> Conversation::find(const KeyringRef& ref, const char* account_key) const {
  const Attributes attributes = attributes_of(ref, account_key);
  Failure failure;
  GList* const list = secret_service_search_sync(service_.get(), nullptr, attributes.get(), SECRET_SEARCH_ALL,
                                                 cancellable(), failure.out());
  if (*failure.out() != nullptr) return std::unexpected(failure.fault());
  Items items;
  for (GList* entry = list; entry != nullptr; entry = entry->next)
    items.emplace_back(SECRET_ITEM(entry->data));
  g_list_free(list);
  return items;
}

Conversation::Outcome<Object<SecretCollection>> Conversation::default_collection() const {
  Failure failure;
  Object<SecretCollection> collection(secret_collection_for_alias_sync(
      service_.get(), SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, cancellable(), failure.out()));
  if (*failure.out() != nullptr) return std::unexpected(failure.fault());
  if (!collection) return std::unexpected(KeyringFault::no_collection);
  if (secret_collection_get_locked(collection.get()) != FALSE) return std::unexpected(KeyringFault::locked);
  return collection;
}

KeyringFault Conversation::why_missing() const {
  const auto collection = default_collection();
  return collection || collection.error() == KeyringFault::no_collection ? KeyringFault::missing : collection.error();
}

Conversation::Outcome<Secret> Conversation::value_of(SecretItem* item) const {
  Failure failure;
  if (secret_item_load_secret_sync(item, cancellable(), failure.out()) == FALSE)
    return std::unexpected(failure.fault());
  const Owned<SecretValue, secret_value_unref> value(secret_item_get_secret(item));
  if (!value) return std::unexpected(KeyringFault::locked);
  gsize size = 0;
  const gchar* const bytes = secret_value_get(value.get(), &size);
  return Secret(std::string_view(bytes, size));
}

Conversation::Outcome<> Conversation::create(const KeyringRef& ref, const Secret& value) const {
  const auto collection = default_collection();
  if (!collection) return std::unexpected(collection.error());
  const Attributes attributes = attributes_of(ref, "account");
  const std::string label = fmt::format("{}: {}", ref.service, ref.account);
  const Owned<SecretValue, secret_value_unref> copy(
      secret_value_new(value.reveal().data(), static_cast<gssize>(value.size()), "text/plain"));
  Failure failure;
  const Object<SecretItem> item(secret_item_create_sync(collection->get(), nullptr, attributes.get(), label.c_str(),
                                                        copy.get(), SECRET_ITEM_CREATE_REPLACE, cancellable(),
                                                        failure.out()));
  if (!item) return std::unexpected(failure.fault());
  return {};
}

Conversation::Outcome<> Conversation::remove(SecretItem* item) const {
  Failure failure;
  if (secret_item_delete_sync(item, cancellable(), failure.out()) == FALSE) return std::unexpected(failure.fault());
  return {};
}

}  // namespace cordon::secrets
