// Memory of a device. Tensors ask the allocator that is current for their device and give back to the one they asked.
#pragma once

#include <cstddef>

#include "triad/core/device/device.h"

namespace triad {

/// What an allocator holds, in bytes and counts.
struct MemoryStats {
  size_t in_use = 0;        ///< handed out and not given back, as requested
  size_t peak_in_use = 0;   ///< largest in_use since the last reset_peak()
  size_t reserved = 0;      ///< obtained from the system: handed out or kept for reuse
  size_t system_calls = 0;  ///< how often memory was obtained from the system, ever
};

class Allocator {
 public:
  virtual ~Allocator() = default;

  /// At least `bytes` bytes, aligned to 64; a valid address for 0 bytes too. Throws DeviceError when memory is out.
  virtual void* allocate(size_t bytes) = 0;
  /// Gives back what allocate(bytes) returned.
  virtual void deallocate(void* data, size_t bytes) noexcept = 0;
  virtual MemoryStats stats() const = 0;
  virtual void reset_peak() = 0;
  /// Gives memory that is kept for reuse back to the system.
  virtual void release_cached() noexcept = 0;
};

/// The current allocator of a device. Throws DeviceError if this build or machine has no such device.
Allocator& allocator(Device device);

/// Makes `next` the current allocator of all devices of a type and returns the one before (null at first). Memory
/// already handed out still goes back to the allocator it came from. Not to be called while others allocate.
Allocator* exchange_allocator(DeviceType type, Allocator* next);

}  // namespace triad
