// The keys by which PostgreSQL sessions can be told to cancel what they do: ours, which clients have, to the origins' own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <cordon/config.hpp>

#include "postgres/backend_key_data.hpp"

namespace cordon::proxy {

struct Settings;

/// One a server: a cancel request comes by a connection of its own, which may be another worker's. Thread-safe.
class CancelKeys {
 public:
  /// Where a cancel request goes, and with what.
  struct Target {
    std::shared_ptr<const Settings> settings;  // with the session
    const Listener* listener = nullptr;        ///< One of `settings`.
    std::string address;  ///< Of the server that has the session: its name may lead elsewhere by now.
    std::uint32_t process_id = 0;
    std::string secret_key;

    postgres::BackendKey key() const noexcept { return {process_id, base::as_bytes(secret_key)}; }
  };

  /// A session's place; it is forgotten with this object. Move-only. The keys outlive it.
  class Registration {
   public:
    Registration(Registration&& other) noexcept
        : keys_(std::exchange(other.keys_, nullptr)), process_id_(other.process_id_), secret_key_(other.secret_key_) {}
    Registration& operator=(Registration&&) = delete;
    ~Registration() {
      if (keys_ != nullptr) keys_->remove(process_id_);
    }

    /// For the client, in place of the origin's: random, and of the same length. A view.
    postgres::BackendKey key() const noexcept { return {process_id_, base::as_bytes(secret_key_)}; }

   private:
    friend class CancelKeys;
    Registration(CancelKeys& keys, std::uint32_t process_id, std::string secret_key)
        : keys_(&keys), process_id_(process_id), secret_key_(std::move(secret_key)) {}

    CancelKeys* keys_;
    std::uint32_t process_id_;
    std::string secret_key_;
  };

  Registration add(Target target);

  /// The target of the session whose key is `asked`; nothing when there is none.
  std::optional<Target> find(const postgres::BackendKey& asked) const;

 private:
  struct Entry {
    std::string secret_key;
    Target target;
  };

  void remove(std::uint32_t process_id) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, Entry> entries_;  ///< By our process ID.
};

}  // namespace cordon::proxy
