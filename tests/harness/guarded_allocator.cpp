#include "tests/harness/guarded_allocator.h"

#include <cstdlib>
#include <cstring>

#include "triad/core/base/error.h"

namespace triad::harness {
namespace {

constexpr size_t kZone = 256;  // bytes on either side; a multiple of the alignment
constexpr unsigned char kPattern = 0xA5;

}  // namespace

GuardedAllocator::GuardedAllocator() : before_(exchange_allocator(DeviceType::cpu, this)) {}

GuardedAllocator::~GuardedAllocator() {
  exchange_allocator(DeviceType::cpu, before_);
  for (void* base : retired_) std::free(base);
}

void* GuardedAllocator::allocate(size_t bytes) {
  void* base = nullptr;
  require<DeviceError>(posix_memalign(&base, 64, bytes + 2 * kZone) == 0, "guarded memory", "no memory");
  auto* first = static_cast<unsigned char*>(base);
  std::memset(first, kPattern, kZone);
  std::memset(first + kZone, 0xFF, bytes);
  std::memset(first + kZone + bytes, kPattern, kZone);
  const std::lock_guard lock(mutex_);
  blocks_[first + kZone] = bytes;
  return first + kZone;
}

void GuardedAllocator::deallocate(void* data, size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  check(data, bytes);
  blocks_.erase(data);
  retired_.push_back(static_cast<unsigned char*>(data) - kZone);
}

void GuardedAllocator::check(const void* data, size_t bytes) {
  const auto* first = static_cast<const unsigned char*>(data);
  for (size_t i = 0; i < kZone; ++i) {
    if (first[-1 - static_cast<ptrdiff_t>(i)] != kPattern) {
      violations_.push_back(str("a write ", i + 1, " bytes before a block of ", bytes));
      return;
    }
    if (first[bytes + i] != kPattern) {
      violations_.push_back(str("a write ", i + 1, " bytes behind a block of ", bytes));
      return;
    }
  }
}

std::vector<std::string> GuardedAllocator::violations() {
  const std::lock_guard lock(mutex_);
  for (const auto& [data, bytes] : blocks_) check(data, bytes);
  return violations_;
}

}  // namespace triad::harness
