#include <algorithm>

#include "triad/core/cpu/parallel.h"
#include "triad/ops/reduce/topk.h"

namespace triad::ops {
namespace {

/// A heap of the k best so far, whose top is the worst of them, takes one comparison for most elements of a row.
template <class T>
void topk_row(const T* x, int64_t n, T* values, int64_t* indices, int64_t k) {
  using C = Compute<T>;
  const auto before = [x](int64_t i, int64_t j) {
    const C a = x[i], b = x[j];
    const bool a_nan = a != a, b_nan = b != b;
    if (a_nan || b_nan) return a_nan && (!b_nan || i < j);
    return a > b || (a == b && i < j);
  };
  for (int64_t i = 0; i < k; ++i) indices[i] = i;
  std::make_heap(indices, indices + k, before);
  for (int64_t i = k; i < n; ++i) {
    if (!before(i, indices[0])) continue;
    std::pop_heap(indices, indices + k, before);
    indices[k - 1] = i;
    std::push_heap(indices, indices + k, before);
  }
  std::sort_heap(indices, indices + k, before);
  for (int64_t i = 0; i < k; ++i) values[i] = x[indices[i]];
}

void topk_forward_cpu(const TopKForward& args) {
  const int64_t rows = args.x.size(0), n = args.x.size(1), k = args.values.size(1);
  if (k == 0) return;
  int64_t* indices = args.indices.mutable_data<int64_t>();
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* x = args.x.data<T>();
    T* values = args.values.mutable_data<T>();
    cpu::parallel_for(rows, cpu::chunk_for_cost(4 * n), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) topk_row(x + row * n, n, values + row * k, indices + row * k, k);
    });
  });
}

const RegisterKernel registered(topk_forward, DeviceType::cpu, &topk_forward_cpu);

}  // namespace
}  // namespace triad::ops
