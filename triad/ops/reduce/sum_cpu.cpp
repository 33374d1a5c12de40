#include "triad/ops/reduce/sum.h"

#include <vector>

#include "triad/core/cpu/strided.h"

namespace triad::ops {
namespace {

constexpr int kLanes = 16;           // independent partial sums of a row: what a vector register holds
constexpr int64_t kBlock = 32768;    // elements a partial sum covers; fixed, so that threads do not change the result

/// Sum of n elements with `stride`.
template <class A, class T>
A sum_row(const T* x, int64_t stride, int64_t n) {
  A lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += static_cast<A>(x[(i + lane) * stride]);
  }
  for (; i < n; ++i) lanes[i % kLanes] += static_cast<A>(x[i * stride]);
  A total{};
  for (int lane = 0; lane < kLanes; ++lane) total += lanes[lane];
  return total;
}

/// x seen as a kept part and a reduced part, each with its own (merged) axes.
struct Split {
  cpu::StridedLoop<1> kept, reduced;
  static Split of(const Tensor& x, const Axes& axes) {
    Shape shape[2];
    Strides strides[2];
    int next = 0;
    for (int i = 0; i < x.rank(); ++i) {
      const int part = next < axes.rank() && axes[next] == i ? (++next, 1) : 0;
      shape[part].push_back(x.shape()[i]);
      strides[part].push_back(x.strides()[i]);
    }
    return {cpu::StridedLoop<1>(shape[0], {strides[0]}), cpu::StridedLoop<1>(shape[1], {strides[1]})};
  }
};

/// Every output is the sum of its own rows. Long sums are cut into blocks that are added in order.
template <class A, class T>
void sum_rows(const T* x, const Split& split, std::vector<A>& y) {
  const int64_t row = split.reduced.row_length(), stride = split.reduced.row_stride(0), rows = split.reduced.rows();
  const int64_t pieces = std::max<int64_t>((row + kBlock - 1) / kBlock, 1), tasks = rows * pieces;
  const int64_t tasks_per_block = std::max<int64_t>(1, kBlock / std::max<int64_t>(std::min(row, kBlock), 1));
  const int64_t blocks = (tasks + tasks_per_block - 1) / tasks_per_block;
  std::vector<A> partial(y.size() * static_cast<size_t>(blocks));
  const int64_t outputs = static_cast<int64_t>(y.size());
  cpu::parallel_for(outputs * blocks, cpu::chunk_for_cost(std::min(row * rows, kBlock)), [&](int64_t first, int64_t last) {
    for (int64_t job = first; job < last; ++job) {
      const int64_t output = job / blocks, block = job % blocks;
      const T* base = x + split.kept.row_offsets(output / split.kept.row_length())[0] +
                      output % split.kept.row_length() * split.kept.row_stride(0);
      A total{};
      for (int64_t task = block * tasks_per_block; task < std::min((block + 1) * tasks_per_block, tasks); ++task) {
        const int64_t begin = task % pieces * kBlock;
        total += sum_row<A>(base + split.reduced.row_offsets(task / pieces)[0] + begin * stride, stride,
                            std::min(kBlock, row - begin));
      }
      partial[static_cast<size_t>(job)] = total;
    }
  });
  for (int64_t job = 0; job < outputs * blocks; ++job) y[static_cast<size_t>(job / blocks)] += partial[static_cast<size_t>(job)];
}

/// Outputs lie side by side in memory: whole rows of them are added up, which reads x in order.
template <class A, class T>
void sum_columns(const T* x, const Split& split, std::vector<A>& y) {
  const int64_t width = split.kept.row_length(), kept_rows = split.kept.rows();
  const int64_t terms = split.reduced.shape.numel(), inner = split.reduced.row_length();
  const int64_t terms_per_block = std::max<int64_t>(1, kBlock / width), blocks = (terms + terms_per_block - 1) / terms_per_block;
  std::vector<A> partial(static_cast<size_t>(kept_rows * blocks * width));
  cpu::parallel_for(kept_rows * blocks, cpu::chunk_for_cost(std::min(terms * width, kBlock)), [&](int64_t first, int64_t last) {
    for (int64_t job = first; job < last; ++job) {
      const T* base = x + split.kept.row_offsets(job / blocks)[0];
      A* out = partial.data() + job * width;
      const int64_t begin = job % blocks * terms_per_block, end = std::min(begin + terms_per_block, terms);
      for (int64_t term = begin; term < end; ++term) {
        const T* row = base + split.reduced.row_offsets(term / inner)[0] + term % inner * split.reduced.row_stride(0);
        for (int64_t i = 0; i < width; ++i) out[i] += static_cast<A>(row[i]);
      }
    }
  });
  for (int64_t job = 0; job < kept_rows * blocks; ++job) {
    const A* from = partial.data() + job * width;
    A* to = y.data() + job / blocks * width;
    for (int64_t i = 0; i < width; ++i) to[i] += from[i];
  }
}

void sum_forward_cpu(const SumForward& args) {
  const Split split = Split::of(args.x, args.axes);
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    using A = Accumulate<T>;
    using Y = std::conditional_t<std::is_integral_v<T>, int64_t, T>;
    std::vector<A> totals(static_cast<size_t>(args.y.numel()));
    if (args.x.numel() > 0) {
      const bool side_by_side = split.kept.row_stride(0) == 1 && split.kept.row_length() > 1;
      if (side_by_side) sum_columns<A>(args.x.data<T>(), split, totals);
      else sum_rows<A>(args.x.data<T>(), split, totals);
    }
    Y* y = args.y.mutable_data<Y>();
    for (size_t i = 0; i < totals.size(); ++i) y[i] = static_cast<Y>(totals[i]);
  });
}

const RegisterKernel registered(sum_forward, DeviceType::cpu, &sum_forward_cpu);

}  // namespace
}  // namespace triad::ops
