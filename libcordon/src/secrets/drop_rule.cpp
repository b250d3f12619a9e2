#include "secrets/drop_rule.hpp"

#include <utility>

namespace cordon::secrets {

void DropRule::on_drop(std::uint64_t fingerprint, TimePoint now) noexcept {
  next_drop_ = now + kInterval;
  worked_ = false;
  dropped_ = fingerprint;
}

void DropRule::on_fetch(std::uint64_t fingerprint, TimePoint expires) noexcept {
  if (std::exchange(dropped_, std::nullopt) == fingerprint) {
    kept_ = fingerprint;
    kept_until_ = expires;
  } else if (fingerprint != kept_) {
    kept_until_ = {};  // another value has come by itself
  }
}

}  // namespace cordon::secrets
