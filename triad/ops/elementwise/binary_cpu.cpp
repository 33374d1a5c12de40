#include "triad/core/cpu/row_buffer.h"
#include "triad/core/cpu/strided.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/scalar_math.h"

namespace triad::ops {
namespace {

using cpu::kRowChunk;

/// y = f(a, b), over rows of n: dense ones for a step of 1; a step of 0 repeats one value.
template <class C, class Y>
using Row = void (*)(const C* a, int64_t a_step, const C* b, int64_t b_step, Y* y, int64_t n);

template <class F, class C, class Y>
void compute_row(const C* a, int64_t a_step, const C* b, int64_t b_step, Y* y, int64_t n) {
  if (a_step == 1 && b_step == 1)  // loops that the compiler vectorises
    for (int64_t i = 0; i < n; ++i) y[i] = F::value(a[i], b[i]);
  else if (a_step == 1)
    for (int64_t i = 0; i < n; ++i) y[i] = F::value(a[i], b[0]);
  else if (b_step == 1)
    for (int64_t i = 0; i < n; ++i) y[i] = F::value(a[0], b[i]);
  else
    for (int64_t i = 0; i < n; ++i) y[i] = F::value(a[0], b[0]);
}

/// T: of the arguments; Y: of the result.
template <class T, class Y>
void forward(const BinaryForward& args, Row<Compute<T>, Compute<Y>> compute) {
  using C = Compute<T>;
  const cpu::StridedLoop<3> loop(args.y.shape(), {args.y.strides(), args.a.strides(), args.b.strides()});
  const int64_t y_stride = loop.row_stride(0), a_stride = loop.row_stride(1), b_stride = loop.row_stride(2);
  Y* y = args.y.mutable_data<Y>();
  const T* a = args.a.data<T>();
  const T* b = args.b.data<T>();
  loop.for_each_row([&](const auto& offsets, int64_t n) {
    C a_buffer[kRowChunk], b_buffer[kRowChunk];
    Compute<Y> y_row[kRowChunk];
    for (int64_t first = 0; first < n; first += kRowChunk) {
      const int64_t count = std::min(kRowChunk, n - first);
      const auto load = [&](const T* data, int k, int64_t stride, C* buffer) {
        return cpu::load_row(data + offsets[static_cast<size_t>(k)] + first * stride, stride, stride == 0 ? 1 : count,
                             buffer);
      };
      const C* a_row = load(a, 1, a_stride, a_buffer);
      const C* b_row = load(b, 2, b_stride, b_buffer);
      compute(a_row, a_stride == 0 ? 0 : 1, b_row, b_stride == 0 ? 0 : 1, y_row, count);
      cpu::store_row(y_row, count, y + offsets[0] + first * y_stride, y_stride);
    }
  });
}

void binary_forward_cpu(const BinaryForward& args) {
  dispatch_all(args.a.dtype(), [&]<class T>(std::type_identity<T>) {
    using C = Compute<T>;
    Row<C, C> value = nullptr;
    Row<C, bool> predicate = nullptr;
    scalar::Binary::visit(args.function, [&]<class F>(F) {
      if constexpr (scalar::is_predicate<F>) predicate = compute_row<F, C, bool>;
      else value = compute_row<F, C, C>;
    });
    if (predicate) forward<T, bool>(args, predicate);
    else forward<T, T>(args, value);
  });
}

const RegisterKernel registered(binary_forward, DeviceType::cpu, &binary_forward_cpu);

}  // namespace
}  // namespace triad::ops
