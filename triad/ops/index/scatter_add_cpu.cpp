#include "triad/core/cpu/strided.h"
#include "triad/ops/index/scatter_add.h"

namespace triad::ops {
namespace {

// Values can meet only within a line along the axis. A task owns whole lines and walks them in order, so sums never
// race and are the same bits on any number of threads.
void scatter_add_cpu(const ScatterAdd& args) {
  Shape lines = args.index.shape();
  Strides y = args.y.strides(), index = args.index.strides(), source = args.source.strides();
  const int64_t length = lines[args.axis];
  const int64_t y_step = y[args.axis], index_step = index[args.axis], source_step = source[args.axis];
  lines.erase(args.axis);
  for (Strides* strides : {&y, &index, &source}) strides->erase(args.axis);
  const cpu::StridedLoop<3> loop(lines, {y, index, source});
  const int64_t* places = args.index.data<int64_t>();
  dispatch_all(args.source.dtype(), [&]<class T>(std::type_identity<T>) {
    using A = Accumulate<T>;
    const T* from = args.source.data<T>();
    A* to = args.y.mutable_data<A>();
    loop.for_each_row(
        [&](const auto& offsets, int64_t n) {
          for (int64_t k = 0; k < length; ++k) {
            for (int64_t i = 0; i < n; ++i) {
              const int64_t place = places[offsets[1] + i * loop.row_stride(1) + k * index_step];
              to[offsets[0] + i * loop.row_stride(0) + place * y_step] +=
                  static_cast<A>(from[offsets[2] + i * loop.row_stride(2) + k * source_step]);
            }
          }
        },
        length);
  });
}

const RegisterKernel registered(scatter_add_kernel, DeviceType::cpu, &scatter_add_cpu);

}  // namespace
}  // namespace triad::ops
