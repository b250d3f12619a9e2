#include <cordon/secret.hpp>

#include <cstring>
#include <utility>

#include "base/locked_memory.hpp"

namespace cordon {

Secret::Secret(std::string_view bytes) {
  if (bytes.empty()) return;
  data_ = static_cast<char*>(base::allocate_locked(bytes.size()));
  size_ = bytes.size();
  std::memcpy(data_, bytes.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() {
  release();
}

void Secret::release() noexcept {
  base::free_locked(std::exchange(data_, nullptr), size_);
  size_ = 0;
}

}  // namespace cordon
