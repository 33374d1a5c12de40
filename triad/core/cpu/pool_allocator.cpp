#include "triad/core/cpu/pool_allocator.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include <sys/mman.h>

#include "triad/core/base/error.h"

namespace triad::cpu {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

void* system_allocate(size_t bytes) {
  const size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  void* data = nullptr;
  if (posix_memalign(&data, alignment, bytes) != 0) return nullptr;
  if (bytes >= kHugePage) madvise(data, bytes, MADV_HUGEPAGE);  // advice only: nothing is lost if it is not taken
  return data;
}

}  // namespace

size_t PoolAllocator::size_class(size_t bytes) {
  if (bytes <= 1024) return std::max<size_t>((bytes + 63) / 64 * 64, 64);
  const int step = std::bit_width(bytes - 1) - 4;  // eight sizes between a power of two and the next
  return (((bytes - 1) >> step) + 1) << step;
}

void* PoolAllocator::allocate(size_t bytes) {
  const std::lock_guard lock(mutex_);
  // Above half the address space size classes overflow and no system could serve the request.
  const size_t size = bytes < PTRDIFF_MAX / 2 ? size_class(bytes) : 0;
  void* data = nullptr;
  if (auto found = free_.find(size); found != free_.end() && !found->second.empty()) {
    data = found->second.back();
    found->second.pop_back();
  } else if (size != 0) {
    data = system_allocate(size);
    if (data == nullptr) {
      release_blocks();
      data = system_allocate(size);
    }
    stats_.reserved += data ? size : 0;
    ++stats_.system_calls;
  }
  require<DeviceError>(data != nullptr, "cpu memory", "cannot allocate ", bytes, " bytes; ", stats_.in_use,
                       " are in use", Hint{"reduce the batch size, or accumulate gradients over smaller batches"});
  stats_.in_use += bytes;
  stats_.peak_in_use = std::max(stats_.peak_in_use, stats_.in_use);
  return data;
}

void PoolAllocator::deallocate(void* data, size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  stats_.in_use -= bytes;
  free_[size_class(bytes)].push_back(data);
}

MemoryStats PoolAllocator::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void PoolAllocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_in_use = stats_.in_use;
}

void PoolAllocator::release_cached() noexcept {
  const std::lock_guard lock(mutex_);
  release_blocks();
}

void PoolAllocator::release_blocks() noexcept {
  for (auto& [size, blocks] : free_) {
    for (void* block : blocks) {
      std::free(block);
      stats_.reserved -= size;
    }
    blocks.clear();
  }
}

}  // namespace triad::cpu
