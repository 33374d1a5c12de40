// The three things every device can do with memory before any op exists: fill, copy, accumulate. Autograd needs no more.
#pragma once

#include "triad/core/base/dtype.h"
#include "triad/core/base/shape.h"
#include "triad/core/device/device.h"

namespace triad {

/// A strided block of elements on some device. Strides are in elements and not negative; 0 repeats.
struct MemoryView {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  Strides strides;
};

struct ConstMemoryView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  Strides strides;

  ConstMemoryView(const void* d, DType t, const Shape& s, const Strides& st)
      : data(d), dtype(t), shape(s), strides(st) {}
  ConstMemoryView(const MemoryView& v)  // a writable view is a readable one
      : data(v.data), dtype(v.dtype), shape(v.shape), strides(v.strides) {}
};

/// One implementation a device type. The output must not overlap itself (no stride 0 on an extent above 1).
class MemoryOps {
 public:
  virtual ~MemoryOps() = default;

  /// out = value, converted to the dtype of out as static_cast does.
  virtual void fill(const MemoryView& out, double value) = 0;
  /// out = in for equal shapes; converts the dtype as static_cast does (to bool: nonzero).
  virtual void copy(const MemoryView& out, const ConstMemoryView& in) = 0;
  /// out += in for equal shapes and floating dtypes; 16-bit floats are added in f32 and rounded once.
  virtual void accumulate(const MemoryView& out, const ConstMemoryView& in) = 0;
};

/// The operations of a device. Throws DeviceError if this build has no such backend.
MemoryOps& memory_ops(Device device);

/// Called once by each backend, before main.
void register_memory_ops(DeviceType type, MemoryOps& ops);

}  // namespace triad
