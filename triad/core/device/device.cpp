#include "triad/core/device/device.h"

#include <array>
#include <utility>

#include "triad/core/base/error.h"
#include "triad/core/device/allocator.h"
#include "triad/core/device/memory.h"

namespace triad {
namespace {

// Zero-initialised before any backend registers itself, whatever the order of their translation units.
constinit std::array<Allocator*, kDeviceTypes> current_allocators{};
constinit std::array<MemoryOps*, kDeviceTypes> backends{};

template <class T>
T& require_backend(T* found, Device device) {
  require<DeviceError>(found != nullptr, "device", device, " is not available: no ", name_of(device.type),
                       " backend in this build");
  return *found;
}

}  // namespace

Allocator& allocator(Device device) {
  return require_backend(current_allocators[static_cast<size_t>(device.type)], device);
}

Allocator* exchange_allocator(DeviceType type, Allocator* next) {
  return std::exchange(current_allocators[static_cast<size_t>(type)], next);
}

MemoryOps& memory_ops(Device device) { return require_backend(backends[static_cast<size_t>(device.type)], device); }

void register_memory_ops(DeviceType type, MemoryOps& ops) { backends[static_cast<size_t>(type)] = &ops; }

}  // namespace triad
