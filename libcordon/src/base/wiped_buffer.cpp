#include "base/wiped_buffer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/locked_memory.hpp"

namespace cordon::base {
namespace {

constexpr std::size_t kFirstCapacity = 256;

}  // namespace

WipedBuffer::WipedBuffer(WipedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      touched_(std::exchange(other.touched_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {
}

WipedBuffer& WipedBuffer::operator=(WipedBuffer&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    touched_ = std::exchange(other.touched_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

WipedBuffer::~WipedBuffer() {
  release();
}

void WipedBuffer::append(std::string_view text) {
  if (text.empty()) return;
  std::memcpy(prepare(text.size()).data(), text.data(), text.size());
  commit(text.size());
}

MutableBytes WipedBuffer::prepare(std::size_t count) {
  if (count > capacity_ - size_) reserve(std::max({size_ + count, 2 * capacity_, kFirstCapacity}));
  touched_ = std::max(touched_, size_ + count);
  return {reinterpret_cast<std::byte*>(data_ + size_), count};
}

void WipedBuffer::commit(std::size_t count) noexcept {
  assert(count <= capacity_ - size_);
  size_ += count;
}

void WipedBuffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto* larger = static_cast<char*>(allocate_locked(capacity));
  if (size_ != 0) std::memcpy(larger, data_, size_);
  free_locked(data_, capacity_);
  data_ = larger;
  capacity_ = capacity;
}

void WipedBuffer::clear() noexcept {
  wipe(data_, touched_);
  size_ = 0;
  touched_ = 0;
}

void WipedBuffer::release() noexcept {
  free_locked(std::exchange(data_, nullptr), capacity_);
  size_ = 0;
  touched_ = 0;
  capacity_ = 0;
}

}  // namespace cordon::base
