#include "triad/core/cpu/strided.h"
#include "triad/ops/elementwise/where.h"

namespace triad::ops {
namespace {

void where_forward_cpu(const WhereForward& args) {
  const cpu::StridedLoop<4> loop(args.y.shape(),
                                 {args.y.strides(), args.condition.strides(), args.a.strides(), args.b.strides()});
  const bool* condition = args.condition.data<bool>();
  dispatch_all(args.y.dtype(), [&]<class T>(std::type_identity<T>) {
    T* y = args.y.mutable_data<T>();
    const T* a = args.a.data<T>();
    const T* b = args.b.data<T>();
    loop.for_each_row([&](const auto& offsets, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        const bool first = condition[offsets[1] + i * loop.row_stride(1)];
        y[offsets[0] + i * loop.row_stride(0)] =
            first ? a[offsets[2] + i * loop.row_stride(2)] : b[offsets[3] + i * loop.row_stride(3)];
      }
    });
  });
}

const RegisterKernel registered(where_forward, DeviceType::cpu, &where_forward_cpu);

}  // namespace
}  // namespace triad::ops
