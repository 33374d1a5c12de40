#include "triad/core/cpu/row_buffer.h"
#include "triad/core/cpu/strided.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/unary_row_cpu.h"

namespace triad::ops {
namespace {

using cpu::kRowChunk;

constexpr int64_t kCostOfFunction = 8;  // a transcendental function against one addition, roughly

/// y = f(x), over dense rows of n.
template <class C>
using ValueRow = void (*)(const C* x, int64_t n, C* y);
/// dx = dy f'(x), where y = f(x).
template <class C>
using SlopeRow = void (*)(const C* x, const C* y, const C* dy, int64_t n, C* dx);

template <class F, class C>
void value_row(const C* x, int64_t n, C* y) {
  if constexpr (std::is_same_v<C, float>) {
    if (unary_row(scalar::Unary::index_of<F>, x, n, y)) return;
  }
  for (int64_t i = 0; i < n; ++i) y[i] = F::value(x[i]);
}

template <class F, class C>
void slope_row(const C* x, const C* y, const C* dy, int64_t n, C* dx) {
  for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * F::slope(x[i], y[i]);
}

template <class T>
void forward(const UnaryForward& a) {
  using C = Compute<T>;
  ValueRow<C> compute = nullptr;
  scalar::Unary::visit(a.function, [&]<class F>(F) { compute = value_row<F, C>; });
  const cpu::StridedLoop<2> loop(a.x.shape(), {a.y.strides(), a.x.strides()});
  T* y = a.y.mutable_data<T>();
  const T* x = a.x.data<T>();
  loop.for_each_row(
      [&](const auto& offsets, int64_t n) {
        C x_buffer[kRowChunk], y_row[kRowChunk];
        for (int64_t first = 0; first < n; first += kRowChunk) {
          const int64_t count = std::min(kRowChunk, n - first);
          const C* x_row =
              cpu::load_row(x + offsets[1] + first * loop.row_stride(1), loop.row_stride(1), count, x_buffer);
          compute(x_row, count, y_row);
          cpu::store_row(y_row, count, y + offsets[0] + first * loop.row_stride(0), loop.row_stride(0));
        }
      },
      kCostOfFunction);
}

template <class T>
void backward(const UnaryBackward& a) {
  using C = Compute<T>;
  SlopeRow<C> compute = nullptr;
  scalar::Unary::visit(a.function, [&]<class F>(F) { compute = slope_row<F, C>; });
  const cpu::StridedLoop<4> loop(a.x.shape(), {a.dx.strides(), a.x.strides(), a.y.strides(), a.dy.strides()});
  T* dx = a.dx.mutable_data<T>();
  const T* x = a.x.data<T>();
  const T* y = a.y.data<T>();
  const T* dy = a.dy.data<T>();
  loop.for_each_row(
      [&](const auto& offsets, int64_t n) {
        C x_buffer[kRowChunk], y_buffer[kRowChunk], dy_buffer[kRowChunk], dx_row[kRowChunk];
        for (int64_t first = 0; first < n; first += kRowChunk) {
          const int64_t count = std::min(kRowChunk, n - first);
          const auto at = [&](int k) { return offsets[static_cast<size_t>(k)] + first * loop.row_stride(k); };
          const C* x_row = cpu::load_row(x + at(1), loop.row_stride(1), count, x_buffer);
          const C* y_row = cpu::load_row(y + at(2), loop.row_stride(2), count, y_buffer);
          const C* dy_row = cpu::load_row(dy + at(3), loop.row_stride(3), count, dy_buffer);
          compute(x_row, y_row, dy_row, count, dx_row);
          cpu::store_row(dx_row, count, dx + at(0), loop.row_stride(0));
        }
      },
      kCostOfFunction);
}

void unary_forward_cpu(const UnaryForward& a) {
  if (a.x.dtype() == DType::i64) forward<int64_t>(a);
  else if (a.x.dtype() == DType::i32) forward<int32_t>(a);
  else dispatch_floating("unary", a.x.dtype(), [&]<class T>(std::type_identity<T>) { forward<T>(a); });
}

void unary_backward_cpu(const UnaryBackward& a) {
  dispatch_floating("unary", a.x.dtype(), [&]<class T>(std::type_identity<T>) { backward<T>(a); });
}

const RegisterKernel registered_forward(unary_forward, DeviceType::cpu, &unary_forward_cpu);
const RegisterKernel registered_backward(unary_backward, DeviceType::cpu, &unary_backward_cpu);

}  // namespace
}  // namespace triad::ops
