#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/elementwise/unary_row_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/elementwise/unary_row_cpu.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

bool UnaryRow(int function, const float* x, int64_t n, float* y) {
  namespace vec = triad::cpu::HWY_NAMESPACE;
  const vec::Tag<float> d;
  const auto each = [&](const auto& f) {
    vec::for_each_vector<float>(n, [&](auto part, int64_t i) { part.store(f(part.load(x + i)), y + i); });
    return true;
  };
  switch (function) {
    case scalar::Unary::index_of<scalar::Exp>: return each([=](auto v) { return vec::exp(d, v); });
    case scalar::Unary::index_of<scalar::Tanh>: return each([=](auto v) { return vec::tanh(d, v); });
    case scalar::Unary::index_of<scalar::Erf>: return each([=](auto v) { return vec::erf(d, v); });
    case scalar::Unary::index_of<scalar::Sigmoid>: return each([=](auto v) { return vec::sigmoid(d, v); });
    case scalar::Unary::index_of<scalar::Softplus>: return each([=](auto v) { return vec::softplus(d, v); });
    default: return false;
  }
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {

HWY_EXPORT(UnaryRow);

bool unary_row(int function, const float* x, int64_t n, float* y) {
  return HWY_DYNAMIC_DISPATCH(UnaryRow)(function, x, n, y);
}

}  // namespace triad::ops
#endif
