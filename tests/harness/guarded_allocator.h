// An allocator that makes stray writes and reads of uninitialised memory visible.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "triad/core/device/allocator.h"

namespace triad::harness {

/// While alive, all CPU memory of new tensors comes from here: every block lies between guard zones of a known pattern
/// and starts filled with bytes 0xFF, which is NaN in every floating dtype and -1 in the integers.
class GuardedAllocator : public Allocator {
 public:
  GuardedAllocator();
  ~GuardedAllocator() override;

  void* allocate(size_t bytes) override;
  void deallocate(void* data, size_t bytes) noexcept override;
  MemoryStats stats() const override { return {}; }
  void reset_peak() override {}
  void release_cached() noexcept override {}

  /// Looks at the guard zones of all blocks still in use; with those of the blocks given back, every write outside of a
  /// block so far, in words.
  std::vector<std::string> violations();

 private:
  void check(const void* data, size_t bytes);

  Allocator* before_;
  std::mutex mutex_;
  std::map<void*, size_t> blocks_;
  std::vector<void*> retired_;  ///< kept until the end: a late write must not hit a block in use again
  std::vector<std::string> violations_;
};

}  // namespace triad::harness
