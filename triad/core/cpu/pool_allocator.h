// The CPU's caching allocator.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "triad/core/device/allocator.h"

namespace triad::cpu {

/// Keeps freed blocks by size class and hands them out again, so that a steady training step never asks the system for
/// memory: the first touch of a fresh page costs more than most kernels that write it. Classes are 64 bytes apart up to
/// 1 KiB, then an eighth of a power of two apart (waste below 12.5 %). Blocks of 2 MiB and more ask for huge pages.
/// When the system has no memory left, the cache is released and the request tried once more.
class PoolAllocator : public Allocator {
 public:
  ~PoolAllocator() override { release_blocks(); }

  void* allocate(size_t bytes) override;
  void deallocate(void* data, size_t bytes) noexcept override;
  MemoryStats stats() const override;
  void reset_peak() override;
  void release_cached() noexcept override;

  /// The bytes actually set aside for a request.
  static size_t size_class(size_t bytes);

 private:
  void release_blocks() noexcept;  // mutex_ is held, or nobody else is left

  mutable std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;
  MemoryStats stats_;
};

}  // namespace triad::cpu
