// Where memory lives and kernels run.
#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

namespace triad {

enum class DeviceType : uint8_t { cpu, cuda };

inline constexpr int kDeviceTypes = 2;

constexpr std::string_view name_of(DeviceType type) { return type == DeviceType::cpu ? "CPU" : "CUDA"; }

/// One device: a type and an ordinal among the devices of that type. The CPU is always ordinal 0.
struct Device {
  DeviceType type = DeviceType::cpu;
  int index = 0;

  friend constexpr bool operator==(const Device&, const Device&) = default;
};

inline constexpr Device kCpu{};

/// "cpu" or "cuda:0".
inline std::ostream& operator<<(std::ostream& out, Device device) {
  if (device.type == DeviceType::cpu) return out << "cpu";
  return out << "cuda:" << device.index;
}

}  // namespace triad
