#include "triad/core/cpu/row_buffer.h"
#include "triad/core/cpu/strided.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/unary_row_cpu.h"

namespace triad::ops {
namespace {

using cpu::kRowChunk;

constexpr int64_t kCostOfFunction = 8;  // a transcendental function against one addition, roughly

template <class F, class C>
void evaluate(const C* x, int64_t n, C* y) {
  if constexpr (std::is_same_v<C, float>) {
    if (unary_row(scalar::Unary::index_of<F>, x, n, y)) return;
  }
  for (int64_t i = 0; i < n; ++i) y[i] = F::value(x[i]);
}

template <class F, class T>
void forward(const UnaryForward& a) {
  const cpu::StridedLoop<2> loop(a.x.shape(), {a.y.strides(), a.x.strides()});
  T* y = a.y.mutable_data<T>();
  const T* x = a.x.data<T>();
  loop.for_each_row(
      [&](const auto& offsets, int64_t n) {
        Compute<T> x_buffer[kRowChunk], y_row[kRowChunk];
        for (int64_t first = 0; first < n; first += kRowChunk) {
          const int64_t count = std::min(kRowChunk, n - first);
          const Compute<T>* x_row =
              cpu::load_row(x + offsets[1] + first * loop.row_stride(1), loop.row_stride(1), count, x_buffer);
          evaluate<F>(x_row, count, y_row);
          cpu::store_row(y_row, count, y + offsets[0] + first * loop.row_stride(0), loop.row_stride(0));
        }
      },
      kCostOfFunction);
}

template <class F, class T>
void backward(const UnaryBackward& a) {
  const cpu::StridedLoop<4> loop(a.x.shape(), {a.dx.strides(), a.x.strides(), a.y.strides(), a.dy.strides()});
  T* dx = a.dx.mutable_data<T>();
  const T* x = a.x.data<T>();
  const T* y = a.y.data<T>();
  const T* dy = a.dy.data<T>();
  loop.for_each_row(
      [&](const auto& offsets, int64_t n) {
        Compute<T> x_buffer[kRowChunk], y_buffer[kRowChunk], dy_buffer[kRowChunk], dx_row[kRowChunk];
        for (int64_t first = 0; first < n; first += kRowChunk) {
          const int64_t count = std::min(kRowChunk, n - first);
          const auto at = [&](int k) { return offsets[static_cast<size_t>(k)] + first * loop.row_stride(k); };
          const Compute<T>* x_row = cpu::load_row(x + at(1), loop.row_stride(1), count, x_buffer);
          const Compute<T>* y_row = cpu::load_row(y + at(2), loop.row_stride(2), count, y_buffer);
          const Compute<T>* dy_row = cpu::load_row(dy + at(3), loop.row_stride(3), count, dy_buffer);
          for (int64_t i = 0; i < count; ++i) dx_row[i] = dy_row[i] * F::slope(x_row[i], y_row[i]);
          cpu::store_row(dx_row, count, dx + at(0), loop.row_stride(0));
        }
      },
      kCostOfFunction);
}

void unary_forward_cpu(const UnaryForward& a) {
  scalar::Unary::visit(a.function, [&]<class F>(F) {
    if (a.x.dtype() == DType::i64) forward<F, int64_t>(a);
    else if (a.x.dtype() == DType::i32) forward<F, int32_t>(a);
    else dispatch_floating(F::name, a.x.dtype(), [&]<class T>(std::type_identity<T>) { forward<F, T>(a); });
  });
}

void unary_backward_cpu(const UnaryBackward& a) {
  scalar::Unary::visit(a.function, [&]<class F>(F) {
    dispatch_floating(F::name, a.x.dtype(), [&]<class T>(std::type_identity<T>) { backward<F, T>(a); });
  });
}

const RegisterKernel registered_forward(unary_forward, DeviceType::cpu, &unary_forward_cpu);
const RegisterKernel registered_backward(unary_backward, DeviceType::cpu, &unary_backward_cpu);

}  // namespace
}  // namespace triad::ops
