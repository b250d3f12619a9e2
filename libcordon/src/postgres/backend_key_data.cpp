#include "postgres/backend_key_data.hpp"

#include "postgres/frame.hpp"

namespace cordon::postgres {

namespace {

constexpr std::size_t kProcessId = 4;
constexpr ProtocolVersion kLongerKeys{3, 2};

}  // namespace

Accepted<BackendKey> parse_backend_key(base::ConstBytes bytes) {
  if (bytes.size() < kProcessId + kMinCancelKey || bytes.size() > kProcessId + kMaxCancelKey) {
    return refuse(kProtocolViolation, "a cancel key is not of 4 to 256 bytes");
  }
  return BackendKey{read_int32(bytes), bytes.subspan(kProcessId)};
}

Accepted<BackendKey> parse_backend_key_data(base::ConstBytes payload, ProtocolVersion version) {
  if (version < kLongerKeys && payload.size() != kProcessId + kMinCancelKey) {
    return refuse(kProtocolViolation, "a cancel key is not of 4 bytes, in a version before 3.2");
  }
  return parse_backend_key(payload);
}

void compose_backend_key_data(const BackendKey& key, base::WipedBuffer& out) {
  append_frame(out, 'K', {Int32(key.process_id).view(), base::as_text(key.secret_key)});
}

}  // namespace cordon::postgres
