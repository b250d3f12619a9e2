#include "proxy/cancel_keys.hpp"

#include <array>
#include <string_view>

#include "postgres/random.hpp"

namespace cordon::proxy {
namespace {

std::string random_text(std::size_t size) {
  std::string text(size, '\0');
  postgres::fill_random(std::as_writable_bytes(std::span(text)));
  return text;
}

/// A process ID as a server's: positive in an Int32.
std::uint32_t random_process_id() {
  std::array<std::byte, 4> bytes;
  postgres::fill_random(bytes);
  std::uint32_t id = 0;
  for (const std::byte byte : bytes)
    id = id << 8 | std::to_integer<std::uint32_t>(byte);
  id &= 0x7fff'ffffU;
  return id == 0 ? 1 : id;
}

/// The time taken tells nothing of the bytes.
bool are_equal(base::ConstBytes one, base::ConstBytes other) noexcept {
  if (one.size() != other.size()) return false;
  std::byte difference{0};
  for (std::size_t i = 0; i < one.size(); ++i)
    difference |= one[i] ^ other[i];
  return difference == std::byte{0};
}

}  // namespace

CancelKeys::Registration CancelKeys::add(Target target) {
  std::string secret_key = random_text(target.secret_key.size());
  std::uint32_t process_id = target.process_id;
  const std::lock_guard lock(mutex_);
  while (!entries_.try_emplace(process_id, Entry{secret_key, target}).second)
    process_id = random_process_id();
  return Registration(*this, process_id, std::move(secret_key));
}

std::optional<CancelKeys::Passing> CancelKeys::begin_passing(const postgres::BackendKey& asked,
                                                             std::string_view listener) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(asked.process_id);
  if (found == entries_.end() || !are_equal(base::as_bytes(found->second.secret_key), asked.secret_key)) return {};
  Entry& entry = found->second;
  if (entry.target.listener->name != listener || std::exchange(entry.being_cancelled, true)) return {};
  return Passing(*this, asked.process_id, entry.target);
}

void CancelKeys::end_passing(std::uint32_t process_id) noexcept {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(process_id); found != entries_.end()) found->second.being_cancelled = false;
}

void CancelKeys::remove(std::uint32_t process_id) noexcept {
  const std::lock_guard lock(mutex_);
  entries_.erase(process_id);
}

}  // namespace cordon::proxy
