#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/norm/l2_normalize_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/norm/l2_normalize.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kCost = 3;  // of an element, for chunk_for_cost

/// sum (scale x)^2.
template <class T>
Compute<T> sum_of_squares(const T* x, int64_t n, Compute<T> scale) {
  using C = Compute<T>;
  const auto scales = hn::Set(vec::Tag<C>(), scale);
  auto sum = hn::Zero(vec::Tag<C>());
  vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
    const auto v = hn::Mul(part.load(x + i), scales);
    sum = hn::MulAdd(v, v, sum);
  });
  return vec::sum_of_lanes<C>(sum);
}

template <class T>
Compute<T> length_of(const T* x, int64_t n) {
  using C = Compute<T>;
  const C squares = sum_of_squares(x, n, C(1));
  // Within these bounds no square that matters has over- or underflowed.
  if (squares > C(1e-25) && squares < C(1e35)) return std::sqrt(squares);
  C largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(static_cast<C>(x[i])));
  if (largest == C(0) || std::isinf(largest)) return squares != squares ? squares : largest;
  // A power of two, so that scaling rounds nothing.
  int exponent = 0;
  std::frexp(largest, &exponent);
  exponent = std::max(exponent, std::numeric_limits<C>::min_exponent);  // the inverse of a smaller one overflows
  const C scaled = sum_of_squares(x, n, std::ldexp(C(1), -exponent));
  return std::ldexp(std::sqrt(scaled), exponent);
}

template <class T>
void forward(const L2NormalizeForward& args) {
  using C = Compute<T>;
  const int64_t n = args.x.size(-1), rows = args.length.numel();
  const T* x = args.x.data<T>();
  T* y = args.y.mutable_data<T>();
  C* lengths = args.length.mutable_data<C>();
  const C eps = static_cast<C>(args.eps);
  cpu::parallel_for(rows, cpu::chunk_for_cost(kCost * n), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const C length = length_of(x + r * n, n);
      lengths[r] = length < eps ? eps : length;  // NaN stays
      const auto divisor = hn::Set(vec::Tag<C>(), lengths[r]);
      vec::for_each_vector<C>(
          n, [&](auto part, int64_t i) { part.store(hn::Div(part.load(x + r * n + i), divisor), y + r * n + i); });
    }
  });
}

/// dx = (dy - y (y . dy)) / length, or dy / eps where the row was shorter.
template <class T>
void backward(const L2NormalizeBackward& args) {
  using C = Compute<T>;
  const int64_t n = args.x.size(-1), rows = args.length.numel();
  const T *x = args.x.data<T>(), *dy = args.dy.data<T>();
  const C* lengths = args.length.data<C>();
  T* dx = args.dx.mutable_data<T>();
  const C eps = static_cast<C>(args.eps);
  cpu::parallel_for(rows, cpu::chunk_for_cost(kCost * n), [&](int64_t first, int64_t last) {
    for (int64_t start = first * n, r = first; r < last; ++r, start += n) {
      const auto divisor = hn::Set(vec::Tag<C>(), lengths[r]);
      auto dot = hn::Zero(vec::Tag<C>());
      if (lengths[r] != eps) {
        vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
          dot = hn::MulAdd(part.load(dy + start + i), hn::Div(part.load(x + start + i), divisor), dot);
        });
      }
      const auto along = hn::Set(vec::Tag<C>(), vec::sum_of_lanes<C>(dot));
      vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
        const auto y = hn::Div(part.load(x + start + i), divisor);
        part.store(hn::Div(hn::NegMulAdd(y, along, part.load(dy + start + i)), divisor), dx + start + i);
      });
    }
  });
}

}  // namespace

void L2NormalizeForwardCpu(const L2NormalizeForward& args) {
  dispatch_floating("l2_normalize", args.x.dtype(), [&]<class T>(std::type_identity<T>) { forward<T>(args); });
}
void L2NormalizeBackwardCpu(const L2NormalizeBackward& args) {
  dispatch_floating("l2_normalize", args.x.dtype(), [&]<class T>(std::type_identity<T>) { backward<T>(args); });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(L2NormalizeForwardCpu);
HWY_EXPORT(L2NormalizeBackwardCpu);

void forward_cpu(const L2NormalizeForward& args) { HWY_DYNAMIC_DISPATCH(L2NormalizeForwardCpu)(args); }
void backward_cpu(const L2NormalizeBackward& args) { HWY_DYNAMIC_DISPATCH(L2NormalizeBackwardCpu)(args); }

const RegisterKernel registered_forward(l2_normalize_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(l2_normalize_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
