#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/recurrent/lstm_cell_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/recurrent/lstm_cell_cpu.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

/// s (1 - s)
template <class D, class V>
HWY_INLINE V sigmoid_slope(D d, V s) {
  return hn::Mul(s, hn::Sub(hn::Set(d, hn::TFromD<D>(1)), s));
}
/// 1 - t^2
template <class D, class V>
HWY_INLINE V tanh_slope(D d, V t) {
  return hn::NegMulAdd(t, t, hn::Set(d, hn::TFromD<D>(1)));
}

template <class E>
void forward(const LstmCellForward<E>& cell) {
  using C = Compute<E>;
  const vec::Tag<C> d;
  const int64_t H = cell.hidden;
  for (int64_t row = 0; row < cell.rows; ++row) {
    E* y = cell.y + cell.frames[row] * H;
    vec::for_each_vector<C>(H, [&](auto part, int64_t j) {
      const auto before_function = [&](int64_t g) {
        const int64_t at = (4 * row + g) * H + j;
        const auto z = part.load(cell.from_x + at);
        return cell.from_h ? hn::Add(z, part.load(cell.from_h + at)) : z;
      };
      const auto i = vec::sigmoid(d, before_function(0)), f = vec::sigmoid(d, before_function(1));
      const auto g = vec::tanh(d, before_function(2)), o = vec::sigmoid(d, before_function(3));
      if (cell.gates) {
        E* gates = cell.gates + 4 * row * H + j;
        part.store(i, gates);
        part.store(f, gates + H);
        part.store(g, gates + 2 * H);
        part.store(o, gates + 3 * H);
      }
      const int64_t at = row * H + j;
      auto c = hn::Mul(i, g);
      if (cell.c_before) c = hn::MulAdd(f, part.load(cell.c_before + at), c);
      part.store(c, cell.c + at);
      const auto h = hn::Mul(o, vec::tanh(d, c));
      part.store(h, y + j);
      if constexpr (std::is_same_v<E, LstmOperand<E>>) part.store(h, cell.h + at);
      else part.store(part.load(y + j), cell.h + at);
    });
  }
}

template <class E>
void backward(const LstmCellBackward<E>& cell) {
  using C = Compute<E>;
  const vec::Tag<C> d;
  const int64_t H = cell.hidden;
  for (int64_t row = 0; row < cell.rows; ++row) {
    vec::for_each_vector<C>(H, [&](auto part, int64_t j) {
      const int64_t at = row * H + j, first_gate = 4 * row * H + j;
      const E* gates = cell.gates + first_gate;
      const auto i = part.load(gates), f = part.load(gates + H), g = part.load(gates + 2 * H),
                 o = part.load(gates + 3 * H);
      auto dh = part.load(cell.dh + at);
      if (cell.dy) dh = hn::Add(dh, part.load(cell.dy + cell.frames[row] * H + j));
      const auto squashed = vec::tanh(d, part.load(cell.c + at));
      const auto dc = hn::MulAdd(hn::Mul(dh, o), tanh_slope(d, squashed), part.load(cell.dc + at));
      const auto c_before = cell.c_before ? part.load(cell.c_before + at) : hn::Zero(d);
      LstmOperand<E>* dgates = cell.dgates + first_gate;
      part.store(hn::Mul(hn::Mul(dc, g), sigmoid_slope(d, i)), dgates);
      part.store(hn::Mul(hn::Mul(dc, c_before), sigmoid_slope(d, f)), dgates + H);
      part.store(hn::Mul(hn::Mul(dc, i), tanh_slope(d, g)), dgates + 2 * H);
      part.store(hn::Mul(hn::Mul(dh, squashed), sigmoid_slope(d, o)), dgates + 3 * H);
      part.store(hn::Mul(dc, f), cell.dc + at);
    });
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
void lstm_cell_forward(const LstmCellForward<float>& cell) {
  HWY_DYNAMIC_DISPATCH(ForwardF32)(cell);
}
template <>
void lstm_cell_forward(const LstmCellForward<double>& cell) {
  HWY_DYNAMIC_DISPATCH(ForwardF64)(cell);
}
template <>
void lstm_cell_forward(const LstmCellForward<BFloat16>& cell) {
  HWY_DYNAMIC_DISPATCH(ForwardBF16)(cell);
}
template <>
void lstm_cell_forward(const LstmCellForward<Float16>& cell) {
  HWY_DYNAMIC_DISPATCH(ForwardF16)(cell);
}
template <>
void lstm_cell_backward(const LstmCellBackward<float>& cell) {
  HWY_DYNAMIC_DISPATCH(BackwardF32)(cell);
}
template <>
void lstm_cell_backward(const LstmCellBackward<double>& cell) {
  HWY_DYNAMIC_DISPATCH(BackwardF64)(cell);
}
template <>
void lstm_cell_backward(const LstmCellBackward<BFloat16>& cell) {
  HWY_DYNAMIC_DISPATCH(BackwardBF16)(cell);
}
template <>
void lstm_cell_backward(const LstmCellBackward<Float16>& cell) {
  HWY_DYNAMIC_DISPATCH(BackwardF16)(cell);
}

}  // namespace triad::ops
#endif
