// The keys by which PostgreSQL sessions can be told to cancel what they do: ours, which clients have, to the origins' own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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

    /// For the client: the origin's process ID where no other session has it, so that what the server says of it is true, and a
    /// random key of the same length. A view.
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

  /// A cancel request that is passed on; while it lives there is no other for its session. Move-only. The keys outlive it.
  class Passing {
   public:
    Passing(Passing&& other) noexcept
        : target(std::move(other.target)), keys_(std::exchange(other.keys_, nullptr)), process_id_(other.process_id_) {}
    Passing& operator=(Passing&&) = delete;
    ~Passing() {
      if (keys_ != nullptr) keys_->end_passing(process_id_);
    }

    Target target;

   private:
    friend class CancelKeys;
    Passing(CancelKeys& keys, std::uint32_t process_id, Target target_)
        : target(std::move(target_)), keys_(&keys), process_id_(process_id) {}

    CancelKeys* keys_;
    std::uint32_t process_id_;
  };

  /// Begins to pass on a request with the key `asked`, which came to the listener called `listener`; nothing when no session of
  /// it has that key, or another request is on its way to it.
  std::optional<Passing> begin_passing(const postgres::BackendKey& asked, std::string_view listener);

 private:
  struct Entry {
    std::string secret_key;
    Target target;
    bool being_cancelled = false;
  };

  void end_passing(std::uint32_t process_id) noexcept;
  void remove(std::uint32_t process_id) noexcept;

  std::mutex mutex_;
  std::unordered_map<std::uint32_t, Entry> entries_;  ///< By our process ID.
};

}  // namespace cordon::proxy
