// Transcendental functions of vectors. f32: relative error at most 6e-7, NaN stays NaN, infinities give the limit. f64:
// lane by lane through <cmath>, for gradient checks rather than speed. The coefficients are minimax polynomials made
// for these intervals (Remez's algorithm).
#include <cmath>
#include <numbers>

#include <hwy/highway.h>

#include "triad/core/cpu/vector_row-inl.h"

#if defined(TRIAD_CORE_CPU_VECTOR_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_CORE_CPU_VECTOR_MATH_INL_H
#undef TRIAD_CORE_CPU_VECTOR_MATH_INL_H
#else
#define TRIAD_CORE_CPU_VECTOR_MATH_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::cpu::HWY_NAMESPACE {

template <class D>
inline constexpr bool is_f64 = std::is_same_v<hn::TFromD<D>, double>;

/// f of every lane.
template <class D, class F>
HWY_INLINE hn::Vec<D> map_lanes(D d, hn::Vec<D> x, const F& f) {
  HWY_ALIGN hn::TFromD<D> lanes[kMostLanes];
  hn::Store(x, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = f(lanes[i]);
  return hn::Load(d, lanes);
}

/// c0 + c1 x + c2 x^2 + …
template <class D, class... C>
HWY_INLINE hn::Vec<D> polynomial(D d, hn::Vec<D> x, float c0, C... rest) {
  const auto first = hn::Set(d, static_cast<hn::TFromD<D>>(c0));
  if constexpr (sizeof...(rest) == 0) return first;
  else return hn::MulAdd(polynomial(d, x, rest...), x, first);
}

/// Whether minima and maxima of this target give their second operand where one is NaN.
inline constexpr bool kSecondOfNaN = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3;

/// x within low..high; NaN stays NaN where kSecondOfNaN.
template <class D>
HWY_INLINE hn::Vec<D> clamped(D d, hn::Vec<D> x, float low, float high) {
  return hn::Min(hn::Set(d, high), hn::Max(hn::Set(d, low), x));
}

/// x 2^n for whole n from -152 to 129, given as float and as integer.
template <class D>
HWY_INLINE hn::Vec<D> scale_by_power(D d, hn::Vec<D> x, hn::Vec<D> n) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (sizeof(x.raw) == 64) return hn::Vec<D>{_mm512_scalef_ps(x.raw, n.raw)};
#endif
  // In two factors, as n reaches beyond the exponents of normal numbers.
  const hn::RebindToSigned<D> di;
  const auto whole = hn::ConvertTo(di, n), half = hn::ShiftRight<1>(whole);
  const auto power = [&](auto k) { return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(k, hn::Set(di, 127)))); };
  return hn::Mul(hn::Mul(x, power(half)), power(hn::Sub(whole, half)));
}

/// x 2^n for whole n where x and the result are normal numbers.
template <class D>
HWY_INLINE hn::Vec<D> scale_by_normal_power(D d, hn::Vec<D> x, hn::Vec<D> n) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (sizeof(x.raw) == 64) return hn::Vec<D>{_mm512_scalef_ps(x.raw, n.raw)};
#endif
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::BitCast(di, x), hn::ShiftLeft<23>(hn::ConvertTo(di, n))));
}

/// e^x = 2^n e^r, |r| <= log(2)/2. Overflows to infinity and underflows gradually.
template <class D>
HWY_INLINE hn::Vec<D> exp(D d, hn::Vec<D> x) {
  if constexpr (is_f64<D>) {
    return map_lanes(d, x, [](double v) { return std::exp(v); });
  } else {
    const auto within = clamped(d, x, -105.0f, 89.0f);
    const auto n = hn::Round(hn::Mul(within, hn::Set(d, std::numbers::log2e_v<float>)));
    // log 2 in two parts, the first short enough for its products with n to be exact.
    const auto r = hn::NegMulAdd(n, hn::Set(d, 0x1.7f7d1cp-20f), hn::NegMulAdd(n, hn::Set(d, 0x1.62e4p-1f), within));
    const auto p = polynomial(d, r, 0.4999999341f, 0.1666652011f, 0.04166839358f, 0.008368780485f, 0.001381450698f);
    const auto e = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
    const auto y = scale_by_power(d, e, n);
    return kSecondOfNaN ? y : hn::IfThenElse(hn::IsNaN(x), x, y);
  }
}

/// 1/x for x from 1 to 1e30, to 2e-7: an estimate of at least 11 bits and a step of Newton's, a third of a division.
template <class D>
HWY_INLINE hn::Vec<D> reciprocal(D d, hn::Vec<D> x) {
  const auto r = hn::ApproximateReciprocal(x);
  return hn::Mul(r, hn::NegMulAdd(x, r, hn::Set(d, 2.0f)));
}

/// x/y for y from 1 to 2. AVX-512 estimates 1/1 as 1, so that a sigmoid that has saturated is 1 and no slope is left of it;
/// AVX2 does not.
template <class D>
HWY_INLINE hn::Vec<D> quotient(D d, hn::Vec<D> x, hn::Vec<D> y) {
  if constexpr (is_f64<D> || HWY_TARGET != HWY_AVX3) return hn::Div(x, y);
  else return hn::Mul(x, reciprocal(d, y));
}

/// 1/(1 + e^-x). With u = e^-|x|, so that nothing overflows: 1/(1 + u), and u/(1 + u) for negative x.
template <class D>
HWY_INLINE hn::Vec<D> sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, hn::TFromD<D>(1)), u = exp(d, hn::Neg(hn::Abs(x)));
  return quotient(d, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), u, one), hn::Add(one, u));
}

/// Odd; of |x|, with u = e^-2|x|: (1 - u)/(1 + u), and a polynomial where that would cancel.
template <class D>
HWY_INLINE hn::Vec<D> tanh(D d, hn::Vec<D> x) {
  if constexpr (is_f64<D>) {
    return map_lanes(d, x, [](double v) { return std::tanh(v); });
  } else {
    const auto s = hn::Mul(x, x);
    const auto p = polynomial(d, s, -0.3333328392f, 0.1333149122f, -0.05374349305f, 0.02065057155f, -0.005717027943f);
    const auto small = hn::MulAdd(hn::Mul(x, s), p, x);
    const auto one = hn::Set(d, 1.0f), magnitude = hn::Abs(x), u = exp(d, hn::Neg(hn::Add(magnitude, magnitude)));
    const auto large = quotient(d, hn::Sub(one, u), hn::Add(one, u));
    return hn::CopySign(hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), small, large), x);
  }
}

/// log(1 + e^x) = max(x, 0) + log(1 + u), u = e^-|x|; log(1 + u) = 2 artanh(s), s = u/(2 + u) <= 1/3.
template <class D>
HWY_INLINE hn::Vec<D> softplus(D d, hn::Vec<D> x) {
  const auto u = exp(d, hn::Neg(hn::Abs(x)));
  const auto linear = hn::Max(x, hn::Zero(d));
  if constexpr (is_f64<D>) {
    return hn::Add(linear, map_lanes(d, u, [](double v) { return std::log1p(v); }));
  } else {
    const auto s = hn::Div(u, hn::Add(u, hn::Set(d, 2.0f)));
    const auto p =
        polynomial(d, hn::Mul(s, s), 2.000000008f, 0.6666631014f, 0.4002511441f, 0.2795766513f, 0.2819154844f);
    return hn::MulAdd(s, p, linear);
  }
}

/// The standard normal distribution at x.
template <class V>
struct Normal {
  V cumulative;  ///< P(X <= x) = erfc(-x/sqrt 2)/2, of full relative accuracy in the left tail
  V density;     ///< exp(-x^2/2)/sqrt(2 pi)
};

/// exp(-x^2/2), where the rounding error of x^2 is put back (it costs 4e-6 at x = 13), if the target can: it takes a
/// fused multiply-add.
template <class D>
HWY_INLINE hn::Vec<D> exp_minus_half_square(D d, hn::Vec<D> x) {
  const auto half = hn::Set(d, hn::TFromD<D>(0.5));
  // Beyond 16 the result is 0, and infinity minus infinity would be NaN.
  if constexpr (!is_f64<D>) x = hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Set(d, 16.0f)), hn::Set(d, 16.0f), x);
  const auto square = hn::Mul(x, x);
  const auto e = exp(d, hn::Neg(hn::Mul(square, half)));
  if constexpr (is_f64<D>) return e;
  else return hn::NegMulAdd(hn::Mul(hn::MulSub(x, x, square), half), e, e);
}

/// erfc(z/sqrt 2)/2 for z >= 0, given e = exp(-z^2/2), which is 0 from z = 16 on: e t P(t), t = 1/(1 + 0.3 z/sqrt 2).
template <class D>
HWY_INLINE hn::Vec<D> normal_tail(D d, hn::Vec<D> z, hn::Vec<D> e) {
  const auto bounded = hn::Min(z, hn::Set(d, 16.0f));
  const auto t =
      reciprocal(d, hn::MulAdd(bounded, hn::Set(d, static_cast<float>(0.3 / std::numbers::sqrt2)), hn::Set(d, 1.0f)));
  const auto p = polynomial(d, t, 0.1691880083f, 0.1707151743f, 0.1483395504f, 0.2149245536f, -0.094647148f,
                            0.5477147874f, -0.5122734577f, 0.4855609478f, -0.1295224357f);
  return hn::Mul(hn::Mul(hn::Mul(e, t), hn::Set(d, 0.5f)), p);
}

template <class D>
HWY_INLINE Normal<hn::Vec<D>> normal(D d, hn::Vec<D> x) {
  const auto e = exp_minus_half_square(d, x);
  const auto density =
      hn::Mul(e, hn::Set(d, static_cast<hn::TFromD<D>>(std::numbers::inv_sqrtpi / std::numbers::sqrt2)));
  if constexpr (is_f64<D>) {
    return {map_lanes(d, x, [](double v) { return 0.5 * std::erfc(-v / std::numbers::sqrt2); }), density};
  } else {
    const auto tail = normal_tail(d, hn::Abs(x), e);
    return {hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail)), density};
  }
}

/// As normal(), of f32 and with relative errors up to 5e-4: enough for results that are stored in 8 bits, at half the cost.
template <class D>
HWY_INLINE Normal<hn::Vec<D>> coarse_normal(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f), magnitude = hn::Abs(x);
  // exp(-x^2/2) = 2^n 2^f, |f| <= 1/2; 0 below the smallest normal number.
  const auto y = hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5f * std::numbers::log2e_v<float>));
  const auto n = hn::Round(hn::Max(y, hn::Set(d, -126.0f)));
  const auto mantissa = polynomial(d, hn::Sub(y, n), 0.9999280576f, 0.6932610678f, 0.2426114434f, 0.0551712390f);
  const auto e = hn::IfThenZeroElse(hn::Lt(y, hn::Set(d, -125.0f)), scale_by_normal_power(d, mantissa, n));

  const auto t = hn::ApproximateReciprocal(hn::MulAdd(magnitude, hn::Set(d, 0.3f), one));
  const auto p = polynomial(d, t, 0.1182051477f, 0.1374732401f, 0.0355974951f, 0.2088388336f);
  const auto tail = hn::Mul(hn::Mul(e, t), p);
  return {hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(one, tail)),
          hn::Mul(e, hn::Set(d, static_cast<float>(std::numbers::inv_sqrtpi / std::numbers::sqrt2)))};
}

template <class D>
HWY_INLINE hn::Vec<D> erf(D d, hn::Vec<D> x) {
  if constexpr (is_f64<D>) {
    return map_lanes(d, x, [](double v) { return std::erf(v); });
  } else {
    const auto p = polynomial(d, hn::Mul(x, x), 1.128379166f, -0.3761262714f, 0.1128360018f, -0.02685444468f,
                              0.005189535425f, -0.0008020841518f, 7.889119072e-5f);
    const auto z = hn::Mul(hn::Abs(x), hn::Set(d, std::numbers::sqrt2_v<float>));
    const auto tail = normal_tail(d, z, exp_minus_half_square(d, z));
    const auto large = hn::CopySign(hn::Sub(hn::Set(d, 1.0f), hn::Add(tail, tail)), x);
    return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 1.0f)), hn::Mul(x, p), large);
  }
}

}  // namespace triad::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
