// Folding many elements into one, for every associative function: sum, product, largest, smallest. Results are the same
// bits on any number of threads, because what is folded together depends on the shape alone.
#pragma once

#include <algorithm>

#include "triad/core/cpu/strided.h"
#include "triad/core/tensor/tensor.h"

namespace triad::ops::fold {

inline constexpr int kLanes = 16;         // independent partial results of a row: what a vector register holds
inline constexpr int64_t kBlock = 32768;  // elements worth a task of their own
inline constexpr int64_t kTile = 1024;    // outputs side by side that a task folds together: their results stay in L1
inline constexpr int64_t kRun = 1024;     // terms added one after the other, which keeps rounding errors of f32 small
inline constexpr int64_t kTasks = 64;     // wanted of one fold, for the threads to share

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

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

/// Where the partial results of all blocks of terms meet. With one block they go straight to y.
template <class F, class A, class Y>
class Results {
 public:
  Results(Y* y, int64_t outputs, int64_t blocks) : y_(y), outputs_(outputs), blocks_(blocks) {
    if (blocks == 1) return;
    memory_ = empty({blocks, outputs}, dtype_of<A>);
    partial_ = memory_.template mutable_data<A>();
  }

  /// What `block` adds to outputs first..first+n.
  void put(int64_t block, int64_t first, int64_t n, const A* values) const {
    if (blocks_ == 1) std::transform(values, values + n, y_ + first, [](A v) { return static_cast<Y>(v); });
    else std::copy_n(values, n, partial_ + block * outputs_ + first);
  }

  /// y = all blocks, joined in order.
  void join() const {
    if (blocks_ == 1) return;
    cpu::parallel_for(outputs_, cpu::chunk_for_cost(blocks_), [&](int64_t first, int64_t last) {
      for (int64_t block = 1; block < blocks_; ++block) {
        const A* more = partial_ + block * outputs_;
        for (int64_t i = first; i < last; ++i) partial_[i] = F::step(partial_[i], more[i]);
      }
      for (int64_t i = first; i < last; ++i) y_[i] = static_cast<Y>(partial_[i]);
    });
  }

 private:
  Y* y_;
  int64_t outputs_, blocks_;
  Tensor memory_;
  A* partial_ = nullptr;
};

/// Every output folds its own rows. Long folds are cut into blocks.
template <class F, class A, class T, class Y>
void fold_rows(const T* x, const Split& split, Y* y, int64_t outputs) {
  const int64_t row = split.reduced.row_length(), stride = split.reduced.row_stride(0), rows = split.reduced.rows();
  const int64_t pieces = ceil_div(row, kBlock), tasks = rows * pieces;
  const int64_t tasks_per_block = std::max<int64_t>(1, kBlock / std::min(row, kBlock));
  const int64_t blocks = ceil_div(tasks, tasks_per_block);
  const Results<F, A, Y> results(y, outputs, blocks);
  const int64_t cost = std::min(row * rows, kBlock);
  cpu::parallel_for(outputs * blocks, cpu::chunk_for_cost(cost), [&](int64_t first, int64_t last) {
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
      results.put(block, output, 1, &total);
    }
  });
  results.join();
}

/// Outputs lie side by side in memory: tiles of them are folded together, which reads x in order. Few tiles
/// are cut into blocks of terms: work for many threads, and yet partial results stay small beside x.
template <class F, class A, class T, class Y>
void fold_columns(const T* x, const Split& split, Y* y, int64_t outputs) {
  const int64_t width = split.kept.row_length(), inner = split.reduced.row_length();
  const int64_t terms = split.reduced.shape.numel(), widest = std::min(width, kTile);
  const int64_t tiles_per_row = ceil_div(width, kTile), tiles = split.kept.rows() * tiles_per_row;
  const int64_t terms_per_block = std::max(kBlock / widest, ceil_div(terms, ceil_div(kTasks, tiles)));
  const int64_t blocks = ceil_div(terms, terms_per_block);
  const Results<F, A, Y> results(y, outputs, blocks);
  const int64_t cost = std::min(terms, terms_per_block) * widest;
  cpu::parallel_for(tiles * blocks, cpu::chunk_for_cost(cost), [&](int64_t first, int64_t last) {
    A total[kTile], run[kTile];
    for (int64_t job = first; job < last; ++job) {
      const int64_t tile = job / blocks, block = job % blocks;
      const int64_t kept_row = tile / tiles_per_row, column = tile % tiles_per_row * kTile;
      const int64_t n = std::min(kTile, width - column);
      const T* base = x + split.kept.row_offsets(kept_row)[0] + column;
      const int64_t begin = block * terms_per_block, end = std::min(begin + terms_per_block, terms);
      std::fill_n(total, n, F::template start<A>());
      for (int64_t run_begin = begin; run_begin < end; run_begin += kRun) {
        std::fill_n(run, n, F::template start<A>());
        for (int64_t term = run_begin; term < std::min(run_begin + kRun, end); ++term) {
          const T* row = base + split.reduced.row_offsets(term / inner)[0] + term % inner * split.reduced.row_stride(0);
          for (int64_t i = 0; i < n; ++i) run[i] = F::step(run[i], static_cast<A>(row[i]));
        }
        for (int64_t i = 0; i < n; ++i) total[i] = F::step(total[i], run[i]);
      }
      results.put(block, kept_row * width + column, n, total);
    }
  });
  results.join();
}

/// y (contiguous, of element type Y) = x folded over `axes`, in the accumulation type; the neutral element where there
/// is nothing to fold.
template <class F, class T, class Y>
void fold_into(Tensor& y, const Tensor& x, const Axes& axes) {
  using A = Accumulate<T>;
  Y* out = y.mutable_data<Y>();
  if (x.numel() == 0) {
    std::fill_n(out, y.numel(), static_cast<Y>(F::template start<A>()));
    return;
  }
  const Split split = Split::of(x, axes);
  const bool side_by_side = split.kept.row_stride(0) == 1 && split.kept.row_length() > 1;
  if (side_by_side) fold_columns<F, A>(x.data<T>(), split, out, y.numel());
  else fold_rows<F, A>(x.data<T>(), split, out, y.numel());
}

}  // namespace triad::ops::fold
