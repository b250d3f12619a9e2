#include "http1/header_edit.hpp"

#include <cassert>

namespace cordon::http1 {

void HeaderEdits::push(const HeaderEdit& edit) noexcept {
  assert(size_ < kCapacity);
  edits_[size_++] = edit;
}

}  // namespace cordon::http1
