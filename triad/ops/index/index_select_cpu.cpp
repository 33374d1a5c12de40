#include <cstring>

#include "triad/core/cpu/parallel.h"
#include "triad/ops/index/index_select.h"

namespace triad::ops {
namespace {

void index_select_forward_cpu(const IndexSelectForward& args) {
  const int64_t outer = args.y.size(0), chosen = args.y.size(1), extent = args.x.size(1);
  const size_t row_bytes = static_cast<size_t>(args.y.size(2)) * size_of(args.x.dtype());
  const int64_t* indices = args.indices.data<int64_t>();
  const auto* x = static_cast<const std::byte*>(args.x.raw_data());
  auto* y = static_cast<std::byte*>(args.y.mutable_raw_data());
  cpu::parallel_for(
      outer * chosen, cpu::chunk_for_cost(static_cast<int64_t>(row_bytes / 4)), [&](int64_t first, int64_t last) {
        for (int64_t row = first; row < last; ++row) {
          const int64_t source = row / chosen * extent + indices[row % chosen];
          std::memcpy(y + static_cast<size_t>(row) * row_bytes, x + static_cast<size_t>(source) * row_bytes, row_bytes);
        }
      });
}

// Repeated indices make rows collide. Each task owns some columns and walks all rows in order, so sums never race and
// are the same bits on any number of threads.
void index_add_cpu(const IndexAdd& args) {
  const int64_t outer = args.dy.size(0), chosen = args.dy.size(1), inner = args.dy.size(2), extent = args.dx.size(1);
  constexpr int64_t kColumns = 64;
  const int64_t pieces = (inner + kColumns - 1) / kColumns;
  const int64_t* indices = args.indices.data<int64_t>();
  dispatch_floating("index_select backward", args.dy.dtype(), [&]<class T>(std::type_identity<T>) {
    using A = Accumulate<T>;
    const T* dy = args.dy.data<T>();
    A* dx = args.dx.mutable_data<A>();
    cpu::parallel_for(outer * pieces, cpu::chunk_for_cost(chosen * kColumns), [&](int64_t first, int64_t last) {
      for (int64_t task = first; task < last; ++task) {
        const int64_t o = task / pieces, begin = task % pieces * kColumns, end = std::min(begin + kColumns, inner);
        for (int64_t k = 0; k < chosen; ++k) {
          const T* from = dy + (o * chosen + k) * inner;
          A* to = dx + (o * extent + indices[k]) * inner;
          for (int64_t i = begin; i < end; ++i) to[i] += static_cast<A>(from[i]);
        }
      }
    });
  });
}

const RegisterKernel registered_forward(index_select_forward, DeviceType::cpu, &index_select_forward_cpu);
const RegisterKernel registered_add(index_add, DeviceType::cpu, &index_add_cpu);

}  // namespace
}  // namespace triad::ops
