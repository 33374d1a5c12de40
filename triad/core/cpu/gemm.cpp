#include "triad/core/cpu/gemm.h"

#include <algorithm>

#include "triad/core/cpu/blas.h"
#include "triad/core/cpu/gemm_onednn.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/tensor/tensor.h"

namespace triad::cpu {
namespace {

/// Elements from the first to one past the last of a matrix.
int64_t span_of(int64_t rows, int64_t columns, int64_t row, int64_t column) {
  return (rows - 1) * row + (columns - 1) * column + 1;
}

/// Offset of matrix `index` (row-major over the batch).
int64_t batch_offset(const Shape& batch, const Strides& strides, int64_t index) {
  int64_t offset = 0;
  for (int axis = batch.rank() - 1; axis >= 0; --axis) {
    offset += index % batch[axis] * strides[axis];
    index /= batch[axis];
  }
  return offset;
}

/// C = bias, or 0 without one.
template <class T>
void fill_bias(const Gemm& g, T* c) {
  const T* bias = static_cast<const T*>(g.bias);
  for (int64_t i = 0; i < g.rows; ++i) {
    if (bias) std::copy_n(bias, g.columns, c + i * g.c_row);
    else std::fill_n(c + i * g.c_row, g.columns, T(0));
  }
}

template <class T>
void gemm_blas(const Gemm& g, int64_t index) {
  const T* a = static_cast<const T*>(g.a.data) + batch_offset(g.batch, g.a.batch, index);
  const T* b = static_cast<const T*>(g.b.data) + batch_offset(g.batch, g.b.batch, index);
  T* c = static_cast<T*>(g.c) + batch_offset(g.batch, g.c_batch, index);
  if (g.bias) fill_bias(g, c);
  blas::gemm(g.rows, g.columns, g.inner, {a, g.a.row, g.a.column}, {b, g.b.row, g.b.column},
             g.bias || g.accumulate ? T(1) : T(0), c, g.c_row);
}

/// `n` elements as f32.
template <class T>
Tensor widened(const T* from, int64_t n) {
  Tensor out = empty({n});
  float* to = out.mutable_data<float>();
  parallel_for(n, chunk_for_cost(1), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) to[i] = from[i];
  });
  return out;
}

template <class T, class C>
void gemm_widened(const Gemm& g, int64_t index) {
  const T* a = static_cast<const T*>(g.a.data) + batch_offset(g.batch, g.a.batch, index);
  const T* b = static_cast<const T*>(g.b.data) + batch_offset(g.batch, g.b.batch, index);
  C* c = static_cast<C*>(g.c) + batch_offset(g.batch, g.c_batch, index);
  const Tensor a_wide = widened(a, span_of(g.rows, g.inner, g.a.row, g.a.column));
  const Tensor b_wide = widened(b, span_of(g.inner, g.columns, g.b.row, g.b.column));
  Tensor c_wide = empty({g.rows, g.columns});
  float* wide = c_wide.mutable_data<float>();
  blas::gemm(g.rows, g.columns, g.inner, {a_wide.data<float>(), g.a.row, g.a.column},
             {b_wide.data<float>(), g.b.row, g.b.column}, 0.0f, wide, g.columns);
  const C* bias = static_cast<const C*>(g.bias);
  parallel_for(g.rows, chunk_for_cost(g.columns), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      for (int64_t j = 0; j < g.columns; ++j) {
        C& out = c[i * g.c_row + j];
        const float base = bias ? static_cast<float>(bias[j]) : g.accumulate ? static_cast<float>(out) : 0.0f;
        out = C(base + wide[i * g.columns + j]);
      }
    }
  });
}

template <class T, class C>
void gemm_one(const Gemm& g, int64_t index) {
  if (g.inner == 0) {
    if (!g.accumulate) fill_bias(g, static_cast<C*>(g.c) + batch_offset(g.batch, g.c_batch, index));
  } else if constexpr (std::is_same_v<T, Compute<T>>) {
    gemm_blas<T>(g, index);
  } else {
    gemm_widened<T, C>(g, index);
  }
}

}  // namespace

void gemm(const Gemm& g) {
  const int64_t count = g.batch.numel();
  if (count == 0 || g.rows == 0 || g.columns == 0) return;
  if (g.inner > 0 && gemm_onednn(g)) return;
  for (int64_t index = 0; index < count; ++index) {
    dispatch_floating("gemm", g.dtype, [&]<class T>(std::type_identity<T>) {
      if (g.c_dtype == g.dtype) gemm_one<T, T>(g, index);
      else gemm_one<T, Compute<T>>(g, index);
    });
  }
}

}  // namespace triad::cpu
