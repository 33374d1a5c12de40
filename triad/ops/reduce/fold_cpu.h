// Folding many elements into one, for every associative function: sum, product, largest, smallest. Results are the same
// bits on any number of threads, because what is folded together depends on the shape alone.
#pragma once

#include <vector>

#include "triad/core/cpu/strided.h"
#include "triad/core/tensor/tensor.h"

namespace triad::ops::fold {

inline constexpr int kLanes = 16;         // independent partial results of a row: what a vector register holds
inline constexpr int64_t kBlock = 32768;  // elements a partial result covers

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

/// n elements with `stride`. F has start<A>(), the neutral element, and step(a, b).
template <class F, class A, class T>
A fold_row(const T* x, int64_t stride, int64_t n) {
  A lanes[kLanes];
  for (A& lane : lanes) lane = F::template start<A>();
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int k = 0; k < kLanes; ++k) lanes[k] = F::step(lanes[k], static_cast<A>(x[(i + k) * stride]));
  }
  for (; i < n; ++i) lanes[i % kLanes] = F::step(lanes[i % kLanes], static_cast<A>(x[i * stride]));
  A total = F::template start<A>();
  for (const A& lane : lanes) total = F::step(total, lane);
  return total;
}

/// Every output folds its own rows. Long folds are cut into blocks that are joined in order.
template <class F, class A, class T>
void fold_rows(const T* x, const Split& split, std::vector<A>& y) {
  const int64_t row = split.reduced.row_length(), stride = split.reduced.row_stride(0), rows = split.reduced.rows();
  const int64_t pieces = std::max<int64_t>((row + kBlock - 1) / kBlock, 1), tasks = rows * pieces;
  const int64_t tasks_per_block = std::max<int64_t>(1, kBlock / std::max<int64_t>(std::min(row, kBlock), 1));
  const int64_t blocks = (tasks + tasks_per_block - 1) / tasks_per_block;
  const int64_t jobs = static_cast<int64_t>(y.size()) * blocks;
  std::vector<A> partial(static_cast<size_t>(jobs));
  cpu::parallel_for(jobs, cpu::chunk_for_cost(std::min(row * rows, kBlock)), [&](int64_t first, int64_t last) {
    for (int64_t job = first; job < last; ++job) {
      const int64_t output = job / blocks, block = job % blocks;
      const T* base = x + split.kept.row_offsets(output / split.kept.row_length())[0] +
                      output % split.kept.row_length() * split.kept.row_stride(0);
      A total = F::template start<A>();
      for (int64_t task = block * tasks_per_block; task < std::min((block + 1) * tasks_per_block, tasks); ++task) {
        const int64_t begin = task % pieces * kBlock;
        const T* piece = base + split.reduced.row_offsets(task / pieces)[0] + begin * stride;
        total = F::step(total, fold_row<F, A>(piece, stride, std::min(kBlock, row - begin)));
      }
      partial[static_cast<size_t>(job)] = total;
    }
  });
  for (int64_t job = 0; job < jobs; ++job) {
    A& to = y[static_cast<size_t>(job / blocks)];
    to = F::step(to, partial[static_cast<size_t>(job)]);
  }
}

/// Outputs lie side by side in memory: whole rows of them are folded, which reads x in order.
template <class F, class A, class T>
void fold_columns(const T* x, const Split& split, std::vector<A>& y) {
  const int64_t width = split.kept.row_length(), kept_rows = split.kept.rows();
  const int64_t terms = split.reduced.shape.numel(), inner = split.reduced.row_length();
  const int64_t terms_per_block = std::max<int64_t>(1, kBlock / width);
  const int64_t blocks = (terms + terms_per_block - 1) / terms_per_block, jobs = kept_rows * blocks;
  std::vector<A> partial(static_cast<size_t>(jobs * width), F::template start<A>());
  cpu::parallel_for(jobs, cpu::chunk_for_cost(std::min(terms * width, kBlock)), [&](int64_t first, int64_t last) {
    for (int64_t job = first; job < last; ++job) {
      const T* base = x + split.kept.row_offsets(job / blocks)[0];
      A* out = partial.data() + job * width;
      const int64_t begin = job % blocks * terms_per_block, end = std::min(begin + terms_per_block, terms);
      for (int64_t term = begin; term < end; ++term) {
        const T* row = base + split.reduced.row_offsets(term / inner)[0] + term % inner * split.reduced.row_stride(0);
        for (int64_t i = 0; i < width; ++i) out[i] = F::step(out[i], static_cast<A>(row[i]));
      }
    }
  });
  for (int64_t job = 0; job < jobs; ++job) {
    const A* from = partial.data() + job * width;
    A* to = y.data() + job / blocks * width;
    for (int64_t i = 0; i < width; ++i) to[i] = F::step(to[i], from[i]);
  }
}

/// y (contiguous, of element type Y) = x folded over `axes`, in the accumulation type; the neutral element where there
/// is nothing to fold.
template <class F, class T, class Y>
void fold_into(Tensor& y, const Tensor& x, const Axes& axes) {
  using A = Accumulate<T>;
  const Split split = Split::of(x, axes);
  std::vector<A> totals(static_cast<size_t>(y.numel()), F::template start<A>());
  if (x.numel() > 0) {
    const bool side_by_side = split.kept.row_stride(0) == 1 && split.kept.row_length() > 1;
    if (side_by_side)
      fold_columns<F, A>(x.data<T>(), split, totals);
    else
      fold_rows<F, A>(x.data<T>(), split, totals);
  }
  Y* out = y.mutable_data<Y>();
  for (size_t i = 0; i < totals.size(); ++i) out[i] = static_cast<Y>(totals[i]);
}

}  // namespace triad::ops::fold
