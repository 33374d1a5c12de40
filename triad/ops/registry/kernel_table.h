// Which function computes an op on which device.
#pragma once

#include <array>
#include <string_view>

#include "triad/core/base/error.h"
#include "triad/core/base/profile.h"
#include "triad/core/device/device.h"

namespace triad::ops {

/// The kernels of one op, at most one a device type. Args is a struct that names what the kernel reads and writes.
///
///   // layer_norm.h        struct LayerNormForward { const Tensor& x; …; Tensor& y; };
///   //                     extern KernelTable<LayerNormForward> layer_norm_forward;
///   // layer_norm.cpp      constinit KernelTable<LayerNormForward> layer_norm_forward{"layer_norm"};
///   // layer_norm_cpu.cpp  const RegisterKernel registered(layer_norm_forward, DeviceType::cpu, &kernel);
template <class Args>
class KernelTable {
 public:
  using Kernel = void (*)(const Args&);

  explicit constexpr KernelTable(std::string_view op) : op_(op) {}

  /// Runs the kernel of the device's type. DeviceError "OP: no CUDA kernel in this build" where there is none.
  void operator()(Device device, const Args& args) const {
    const Kernel kernel = kernels_[static_cast<size_t>(device.type)];
    require<DeviceError>(kernel != nullptr, op_, "no ", name_of(device.type), " kernel in this build");
    const ProfileScope scope(op_);
    kernel(args);
  }

  bool has(DeviceType type) const { return kernels_[static_cast<size_t>(type)] != nullptr; }
  void add(DeviceType type, Kernel kernel) { kernels_[static_cast<size_t>(type)] = kernel; }

 private:
  std::string_view op_;
  std::array<Kernel, kDeviceTypes> kernels_{};
};

/// Registers a kernel before main. The table is constant-initialised, so the order of translation units is irrelevant.
template <class Args>
struct RegisterKernel {
  RegisterKernel(KernelTable<Args>& table, DeviceType type, void (*kernel)(const Args&)) { table.add(type, kernel); }
};

}  // namespace triad::ops
