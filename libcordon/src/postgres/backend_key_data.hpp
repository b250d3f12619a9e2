// The key by which a session can be told to cancel what it does (the manual's BackendKeyData).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/wiped_buffer.hpp"
#include "postgres/protocol_version.hpp"
#include "postgres/refusal.hpp"

namespace cordon::postgres {

/// The length of a key in protocol 3.0, and the least in 3.2.
inline constexpr std::size_t kMinCancelKey = 4;
/// The greatest length of a key in protocol 3.2.
inline constexpr std::size_t kMaxCancelKey = 256;

struct BackendKey {
  std::uint32_t process_id = 0;
  base::ConstBytes secret_key;  ///< kMinCancelKey to kMaxCancelKey bytes; a view.
};

/// Reads the payload of a BackendKeyData (`K`) of a session that was asked for with `version`. The key points into it.
/// @returns 08P01 when the key is not of 4 bytes (before 3.2), or of 4 to 256
Accepted<BackendKey> parse_backend_key_data(base::ConstBytes payload, ProtocolVersion version);

/// Appends a BackendKeyData.
void compose_backend_key_data(const BackendKey& key, base::WipedBuffer& out);

/// Reads process ID and key from `bytes`, which hold nothing else: what BackendKeyData and CancelRequest have in common.
/// @returns 08P01 when the key is not of 4 to 256 bytes
Accepted<BackendKey> parse_backend_key(base::ConstBytes bytes);

}  // namespace cordon::postgres
