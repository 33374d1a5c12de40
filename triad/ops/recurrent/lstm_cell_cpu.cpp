#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/recurrent/lstm_cell_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <hwy/contrib/math/math-inl.h>

#include "triad/ops/recurrent/lstm_cell_cpu.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class C>
using Tag = hn::CappedTag<C, 16>;
template <class C>
using Vec = hn::Vec<Tag<C>>;

/// `count` (at most a vector of) elements of any floating type; 0 beyond.
template <class C, class E>
HWY_INLINE Vec<C> load(const E* from, int64_t count) {
  const Tag<C> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if constexpr (std::is_same_v<C, E>) {
    if (count == lanes) return hn::LoadU(d, from);
  }
  HWY_ALIGN C buffer[16] = {};
  if (count == lanes) for (int64_t i = 0; i < lanes; ++i) buffer[i] = from[i];
  else for (int64_t i = 0; i < count; ++i) buffer[i] = from[i];
  return hn::Load(d, buffer);
}

template <class C, class E>
HWY_INLINE void store(Vec<C> v, E* to, int64_t count) {
  const Tag<C> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if constexpr (std::is_same_v<C, E>) {
    if (count == lanes) return hn::StoreU(v, d, to);
  }
  HWY_ALIGN C buffer[16];
  hn::Store(v, d, buffer);
  if (count == lanes) for (int64_t i = 0; i < lanes; ++i) to[i] = static_cast<E>(buffer[i]);
  else for (int64_t i = 0; i < count; ++i) to[i] = static_cast<E>(buffer[i]);
}

template <class C>
HWY_INLINE Vec<C> one() { return hn::Set(Tag<C>(), C(1)); }

/// exp of minus |z| cannot overflow; NaN stays NaN.
template <class C>
HWY_INLINE Vec<C> sigmoid(Vec<C> z) {
  const Vec<C> e = hn::Exp(Tag<C>(), hn::Neg(hn::Abs(z)));
  const Vec<C> share = hn::Div(one<C>(), hn::Add(one<C>(), e));
  return hn::IfThenElse(hn::Lt(z, hn::Zero(Tag<C>())), hn::Mul(e, share), share);
}

/// s (1 - s)
template <class C>
HWY_INLINE Vec<C> sigmoid_slope(Vec<C> s) { return hn::Mul(s, hn::Sub(one<C>(), s)); }
/// 1 - t^2
template <class C>
HWY_INLINE Vec<C> tanh_slope(Vec<C> t) { return hn::NegMulAdd(t, t, one<C>()); }

template <class E>
void forward(const LstmCellForward<E>& cell) {
  using C = Compute<E>;
  const Tag<C> d;
  const int64_t H = cell.hidden, lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < cell.rows; ++row) {
    E* y = cell.y + cell.frames[row] * H;
    for (int64_t j = 0; j < H; j += lanes) {
      const int64_t n = HWY_MIN(lanes, H - j);
      Vec<C> gate[4];
      for (int64_t g = 0; g < 4; ++g) {
        const int64_t at = (4 * row + g) * H + j;
        gate[g] = load<C>(cell.from_x + at, n);
        if (cell.from_h) gate[g] = hn::Add(gate[g], load<C>(cell.from_h + at, n));
        gate[g] = g == 2 ? hn::Tanh(d, gate[g]) : sigmoid<C>(gate[g]);
        if (cell.gates) store<C>(gate[g], cell.gates + at, n);
      }
      const int64_t at = row * H + j;
      Vec<C> c = hn::Mul(gate[0], gate[2]);
      if (cell.c_before) c = hn::MulAdd(gate[1], load<C>(cell.c_before + at, n), c);
      store<C>(c, cell.c + at, n);
      const Vec<C> h = hn::Mul(gate[3], hn::Tanh(d, c));
      store<C>(h, y + j, n);
      for (int64_t k = 0; k < n; ++k) cell.h[at + k] = static_cast<LstmOperand<E>>(y[j + k]);
    }
  }
}

template <class E>
void backward(const LstmCellBackward<E>& cell) {
  using C = Compute<E>;
  const Tag<C> d;
  const int64_t H = cell.hidden, lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < cell.rows; ++row) {
    for (int64_t j = 0; j < H; j += lanes) {
      const int64_t n = HWY_MIN(lanes, H - j), at = row * H + j;
      const auto gate_at = [&](int64_t g) { return (4 * row + g) * H + j; };
      const Vec<C> i = load<C>(cell.gates + gate_at(0), n), f = load<C>(cell.gates + gate_at(1), n);
      const Vec<C> g = load<C>(cell.gates + gate_at(2), n), o = load<C>(cell.gates + gate_at(3), n);
      Vec<C> dh = load<C>(cell.dh + at, n);
      if (cell.dy) dh = hn::Add(dh, load<C>(cell.dy + cell.frames[row] * H + j, n));
      const Vec<C> squashed = hn::Tanh(d, load<C>(cell.c + at, n));
      const Vec<C> dc = hn::MulAdd(hn::Mul(dh, o), tanh_slope<C>(squashed), load<C>(cell.dc + at, n));
      const Vec<C> c_before = cell.c_before ? load<C>(cell.c_before + at, n) : hn::Zero(d);
      store<C>(hn::Mul(hn::Mul(dc, g), sigmoid_slope<C>(i)), cell.dgates + gate_at(0), n);
      store<C>(hn::Mul(hn::Mul(dc, c_before), sigmoid_slope<C>(f)), cell.dgates + gate_at(1), n);
      store<C>(hn::Mul(hn::Mul(dc, i), tanh_slope<C>(g)), cell.dgates + gate_at(2), n);
      store<C>(hn::Mul(hn::Mul(dh, squashed), sigmoid_slope<C>(o)), cell.dgates + gate_at(3), n);
      store<C>(hn::Mul(dc, f), cell.dc + at, n);
    }
  }
}

}  // namespace

void ForwardF32(const LstmCellForward<float>& cell) { forward(cell); }
void ForwardF64(const LstmCellForward<double>& cell) { forward(cell); }
void ForwardBF16(const LstmCellForward<BFloat16>& cell) { forward(cell); }
void ForwardF16(const LstmCellForward<Float16>& cell) { forward(cell); }
void BackwardF32(const LstmCellBackward<float>& cell) { backward(cell); }
void BackwardF64(const LstmCellBackward<double>& cell) { backward(cell); }
void BackwardBF16(const LstmCellBackward<BFloat16>& cell) { backward(cell); }
void BackwardF16(const LstmCellBackward<Float16>& cell) { backward(cell); }

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(ForwardF32);
HWY_EXPORT(ForwardF64);
HWY_EXPORT(ForwardBF16);
HWY_EXPORT(ForwardF16);
HWY_EXPORT(BackwardF32);
HWY_EXPORT(BackwardF64);
HWY_EXPORT(BackwardBF16);
HWY_EXPORT(BackwardF16);

}  // namespace

template <>
void lstm_cell_forward(const LstmCellForward<float>& cell) { HWY_DYNAMIC_DISPATCH(ForwardF32)(cell); }
template <>
void lstm_cell_forward(const LstmCellForward<double>& cell) { HWY_DYNAMIC_DISPATCH(ForwardF64)(cell); }
template <>
void lstm_cell_forward(const LstmCellForward<BFloat16>& cell) { HWY_DYNAMIC_DISPATCH(ForwardBF16)(cell); }
template <>
void lstm_cell_forward(const LstmCellForward<Float16>& cell) { HWY_DYNAMIC_DISPATCH(ForwardF16)(cell); }
template <>
void lstm_cell_backward(const LstmCellBackward<float>& cell) { HWY_DYNAMIC_DISPATCH(BackwardF32)(cell); }
template <>
void lstm_cell_backward(const LstmCellBackward<double>& cell) { HWY_DYNAMIC_DISPATCH(BackwardF64)(cell); }
template <>
void lstm_cell_backward(const LstmCellBackward<BFloat16>& cell) { HWY_DYNAMIC_DISPATCH(BackwardBF16)(cell); }
template <>
void lstm_cell_backward(const LstmCellBackward<Float16>& cell) { HWY_DYNAMIC_DISPATCH(BackwardF16)(cell); }

}  // namespace triad::ops
#endif
