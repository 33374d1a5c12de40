#include <utility>

#include "triad/core/cpu/strided.h"
#include "triad/ops/index/gather.h"

namespace triad::ops {
namespace {

// x is walked with stride 0 along the axis; the index supplies the place there.
void gather_forward_cpu(const GatherForward& args) {
  Strides x_strides = args.x.strides();
  const int64_t axis_stride = std::exchange(x_strides[args.axis], 0);
  const cpu::StridedLoop<3> loop(args.y.shape(), {args.y.strides(), args.index.strides(), x_strides});
  const int64_t* index = args.index.data<int64_t>();
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* x = args.x.data<T>();
    T* y = args.y.mutable_data<T>();
    loop.for_each_row([&](const auto& offsets, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        const int64_t chosen = index[offsets[1] + i * loop.row_stride(1)];
        y[offsets[0] + i * loop.row_stride(0)] = x[offsets[2] + i * loop.row_stride(2) + chosen * axis_stride];
      }
    });
  });
}

const RegisterKernel registered(gather_forward, DeviceType::cpu, &gather_forward_cpu);

}  // namespace
}  // namespace triad::ops
