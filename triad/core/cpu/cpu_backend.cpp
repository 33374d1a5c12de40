// Registers the CPU: its allocator and its fill, copy and accumulate.

#include <cstring>

#include "triad/core/base/profile.h"
#include "triad/core/cpu/dense_row.h"
#include "triad/core/cpu/pool_allocator.h"
#include "triad/core/cpu/strided.h"
#include "triad/core/device/memory.h"

namespace triad::cpu {
namespace {

template <class Out, class In>
Out convert(In value) {
  if constexpr (std::is_same_v<Out, bool>) return static_cast<Compute<In>>(value) != Compute<In>{0};
  else return static_cast<Out>(static_cast<Compute<Out>>(static_cast<Compute<In>>(value)));
}

class CpuMemoryOps : public MemoryOps {
 public:
  void fill(const MemoryView& out, double value) override {
    const ProfileScope scope("fill");
    dispatch_all(out.dtype, [&]<class T>(std::type_identity<T>) {
      const T element = convert<T>(value);
      T* data = static_cast<T*>(out.data);
      const StridedLoop<1> loop(out.shape, {out.strides});
      const int64_t stride = loop.row_stride(0);
      loop.for_each_row([&](const auto& offsets, int64_t n) {
        T* row = data + offsets[0];
        if (stride == 1) std::fill_n(row, n, element);
        else
          for (int64_t i = 0; i < n; ++i) row[i * stride] = element;
      });
    });
  }

  void copy(const MemoryView& out, const ConstMemoryView& in) override {
    const ProfileScope scope("copy");
    const StridedLoop<2> loop(out.shape, {out.strides, in.strides});
    const int64_t out_stride = loop.row_stride(0), in_stride = loop.row_stride(1);
    const bool dense = out_stride == 1 && in_stride == 1;
    dispatch_all(out.dtype, [&]<class Out>(std::type_identity<Out>) {
      dispatch_all(in.dtype, [&]<class In>(std::type_identity<In>) {
        loop.for_each_row([&](const auto& offsets, int64_t n) {
          Out* to = static_cast<Out*>(out.data) + offsets[0];
          const In* from = static_cast<const In*>(in.data) + offsets[1];
          if constexpr (std::is_same_v<Out, In>) {
            if (dense) {
              std::memcpy(to, from, static_cast<size_t>(n) * sizeof(Out));
              return;
            }
          }
          if (dense && has_dense_rows(out.dtype) && has_dense_rows(in.dtype))
            convert_row(out.dtype, to, in.dtype, from, n);
          else
            for (int64_t i = 0; i < n; ++i) to[i * out_stride] = convert<Out>(from[i * in_stride]);
        });
      });
    });
  }

  void accumulate(const MemoryView& out, const ConstMemoryView& in) override {
    const ProfileScope scope("accumulate");
    const StridedLoop<2> loop(out.shape, {out.strides, in.strides});
    const int64_t out_stride = loop.row_stride(0), in_stride = loop.row_stride(1);
    const bool dense = out_stride == 1 && in_stride == 1;
    dispatch_floating("accumulate", out.dtype, [&]<class Out>(std::type_identity<Out>) {
      dispatch_floating("accumulate", in.dtype, [&]<class In>(std::type_identity<In>) {
        using C = Compute<Out>;
        loop.for_each_row([&](const auto& offsets, int64_t n) {
          Out* to = static_cast<Out*>(out.data) + offsets[0];
          const In* from = static_cast<const In*>(in.data) + offsets[1];
          if (dense && has_dense_rows(out.dtype) && has_dense_rows(in.dtype)) {
            accumulate_row(out.dtype, to, in.dtype, from, n);
          } else {
            for (int64_t i = 0; i < n; ++i)
              to[i * out_stride] =
                  static_cast<C>(to[i * out_stride]) + static_cast<C>(static_cast<Compute<In>>(from[i * in_stride]));
          }
        });
      });
    });
  }
};

// Never destroyed: tensors in static storage may outlive any order of destruction chosen here.
const bool registered = [] {
  exchange_allocator(DeviceType::cpu, new PoolAllocator);
  register_memory_ops(DeviceType::cpu, *new CpuMemoryOps);
  return true;
}();

}  // namespace
}  // namespace triad::cpu
