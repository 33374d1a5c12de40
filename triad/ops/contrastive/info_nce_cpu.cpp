// Tiles of kRows anchors by kColumns candidates. A block of anchors belongs to one thread, which goes over all candidates
// in order: no result depends on the number of threads, and no memory grows with N * M.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/contrastive/info_nce_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/core/cpu/multiply-inl.h"
#include "triad/core/cpu/parallel.h"
#include "triad/ops/contrastive/info_nce.h"
#include "triad/ops/softmax/exponentials-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

using cpu::HWY_NAMESPACE::multiply;
using cpu::HWY_NAMESPACE::padded;

constexpr int64_t kRows = 48;      // anchors of a tile
constexpr int64_t kColumns = 128;  // candidates of a tile, a multiple of every vector length

/// Memory of one thread: the tile of scores and the candidates of the tile, both ways round.
template <class T>
struct Tile {
  explicit Tile(int64_t width)
      : memory(empty({kRows * kColumns * 2 + kColumns * padded(width) + width * kColumns}, dtype_of<T>)) {
    scores = memory.mutable_data<T>();
    slopes = scores + kRows * kColumns;
    candidates = slopes + kRows * kColumns;
    transposed = candidates + kColumns * padded(width);
  }
  Tensor memory;
  T *scores, *slopes;  // [kRows, kColumns]
  T* candidates;       // [kColumns, padded(width)], padding 0
  T* transposed;       // [width, kColumns], missing candidates 0

  /// scores = scale x y^T for `rows` anchors from x and candidates first..first+count of y.
  void score(const T* x, int64_t rows, const T* y, int64_t first, int64_t count, int64_t width, T scale) {
    const int64_t row = padded(width);
    std::fill(candidates, transposed + width * kColumns, T(0));
    for (int64_t j = 0; j < count; ++j) {
      for (int64_t i = 0; i < width; ++i) {
        const T value = y[(first + j) * width + i];
        candidates[j * row + i] = value;
        transposed[i * kColumns + j] = scale * value;
      }
    }
    multiply(x, width, 1, transposed, kColumns, scores, kColumns, rows, width, kColumns, false);
  }
};

template <class T>
void rows_of(const InfoNceRows& args) {
  const int64_t n = args.x.size(0), m = args.y.size(0), width = args.x.size(1);
  const T *x = args.x.data<T>(), *y = args.y.data<T>();
  const int64_t *ids_x = args.ids_x.data<int64_t>(), *ids_y = args.ids_y.data<int64_t>();
  T *lse = args.lse.mutable_data<T>(), *positive = args.positive.mutable_data<T>();
  int64_t* counts = args.count.mutable_data<int64_t>();
  cpu::parallel_for(n, kRows, [&](int64_t begin, int64_t end) {
    Tile<T> tile(width);
    constexpr T kMinusInf = -std::numeric_limits<T>::infinity();
    T maximum[kRows], total[kRows] = {}, matched[kRows] = {};
    int64_t matches[kRows] = {};
    std::fill_n(maximum, kRows, kMinusInf);
    for (int64_t first = 0; first < m; first += kColumns) {
      const int64_t count = std::min(kColumns, m - first);
      tile.score(x + begin * width, end - begin, y, first, count, width, static_cast<T>(args.scale));
      for (int64_t i = 0; i < end - begin; ++i) {
        const T* s = tile.scores + i * kColumns;
        for (int64_t j = 0; j < count; ++j) {
          if (ids_x[begin + i] == ids_y[first + j]) matched[i] += s[j], ++matches[i];
        }
        // A maximum may miss a NaN; the exponentials do not.
        const T next = std::max(maximum[i], row_maximum(s, count));
        const T shrink = maximum[i] == kMinusInf ? T(0) : std::exp(maximum[i] - next);
        total[i] = total[i] * shrink + exponentials<T>(s, count, shift_for(next), nullptr);
        maximum[i] = next;
      }
    }
    for (int64_t i = 0; i < end - begin; ++i) {
      lse[begin + i] = maximum[i] + std::log(total[i]);
      positive[begin + i] = matched[i];
      counts[begin + i] = matches[i];
    }
  });
}

template <class T>
void rows_backward_of(const InfoNceRowsBackward& args) {
  const int64_t n = args.x.size(0), m = args.y.size(0), width = args.x.size(1), row = padded(width);
  const T *x = args.x.data<T>(), *y = args.y.data<T>(), scale = static_cast<T>(args.scale);
  const int64_t *ids_x = args.ids_x.data<int64_t>(), *ids_y = args.ids_y.data<int64_t>();
  const T *lse_x = args.side_x.lse.data<T>(), *lse_y = args.side_y.lse.data<T>();
  const T *weight_x = args.side_x.weight.data<T>(), *weight_y = args.side_y.weight.data<T>();
  const int64_t *count_x = args.side_x.count.data<int64_t>(), *count_y = args.side_y.count.data<int64_t>();
  T *dx = args.dx.mutable_data<T>(), *dlog_scale = args.dlog_scale.mutable_data<T>();
  cpu::parallel_for(n, kRows, [&](int64_t begin, int64_t end) {
    const vec::Tag<T> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    Tile<T> tile(width);
    Tensor sums = zeros({kRows, row}, dtype_of<T>);
    T* gradient = sums.mutable_data<T>();
    T by_scale[kRows] = {}, candidate_lse[kColumns], candidate_weight[kColumns];
    for (int64_t first = 0; first < m; first += kColumns) {
      const int64_t count = std::min(kColumns, m - first);
      tile.score(x + begin * width, end - begin, y, first, count, width, scale);
      std::fill(std::copy_n(lse_y + first, count, candidate_lse), candidate_lse + kColumns, T(0));
      std::fill(std::copy_n(weight_y + first, count, candidate_weight), candidate_weight + kColumns, T(0));
      for (int64_t i = 0; i < end - begin; ++i) {
        const int64_t anchor = begin + i;
        const T* s = tile.scores + i * kColumns;
        T* g = tile.slopes + i * kColumns;
        const auto shift = hn::Set(d, lse_x[anchor]), weight = hn::Set(d, weight_x[anchor]);
        for (int64_t j = 0; j < kColumns; j += lanes) {
          const auto score = hn::LoadU(d, s + j);
          const auto by_anchor = hn::Mul(weight, vec::exp(d, hn::Sub(score, shift)));
          const auto by_candidate = vec::exp(d, hn::Sub(score, hn::LoadU(d, candidate_lse + j)));
          hn::StoreU(hn::MulAdd(hn::LoadU(d, candidate_weight + j), by_candidate, by_anchor), d, g + j);
        }
        for (int64_t j = 0; j < count; ++j) {
          if (ids_x[anchor] != ids_y[first + j]) continue;
          g[j] -= weight_x[anchor] / static_cast<T>(count_x[anchor]) +
                  candidate_weight[j] / static_cast<T>(count_y[first + j]);
        }
        std::fill(g + count, g + kColumns, T(0));
        for (int64_t j = 0; j < count; ++j) by_scale[i] += g[j] * s[j];
      }
      multiply(tile.slopes, kColumns, 1, tile.candidates, row, gradient, row, end - begin, count, row, true);
    }
    for (int64_t i = 0; i < end - begin; ++i) {
      dlog_scale[begin + i] = by_scale[i];
      for (int64_t c = 0; c < width; ++c) dx[(begin + i) * width + c] = scale * gradient[i * row + c];
    }
  });
}

}  // namespace

void InfoNceRowsCpu(const InfoNceRows& args) {
  args.x.dtype() == DType::f32 ? rows_of<float>(args) : rows_of<double>(args);
}
void InfoNceRowsBackwardCpu(const InfoNceRowsBackward& args) {
  args.x.dtype() == DType::f32 ? rows_backward_of<float>(args) : rows_backward_of<double>(args);
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(InfoNceRowsCpu);
HWY_EXPORT(InfoNceRowsBackwardCpu);

void rows_cpu(const InfoNceRows& args) { HWY_DYNAMIC_DISPATCH(InfoNceRowsCpu)(args); }
void rows_backward_cpu(const InfoNceRowsBackward& args) { HWY_DYNAMIC_DISPATCH(InfoNceRowsBackwardCpu)(args); }

const RegisterKernel registered_rows(info_nce_rows, DeviceType::cpu, &rows_cpu);
const RegisterKernel registered_backward(info_nce_rows_backward, DeviceType::cpu, &rows_backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
