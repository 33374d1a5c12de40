#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/loss/pair_loss_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>

#include "triad/core/cpu/strided.h"
#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/loss/pair_loss.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kPiece = 4096;  // elements of a row that are summed in the compute type; f64 beyond
constexpr int64_t kPiecesPerTask = 4;

// Each function of vectors x, t: value, and its derivatives with respect to both.
struct L1 {
  template <class D, class V>
  static HWY_INLINE V value(D, V x, V t) {
    return hn::Abs(hn::Sub(x, t));
  }
  template <class D, class V>
  static HWY_INLINE V slope_x(D d, V x, V t) {
    const auto difference = hn::Sub(x, t);  // its sign; 0 and NaN are themselves
    const auto sign = hn::CopySign(hn::Set(d, hn::TFromD<D>(1)), difference);
    return hn::IfThenElse(hn::Gt(hn::Abs(difference), hn::Zero(d)), sign, difference);
  }
  template <class D, class V>
  static HWY_INLINE V slope_target(D d, V x, V t) {
    return hn::Neg(slope_x(d, x, t));
  }
};

struct Mse {
  template <class D, class V>
  static HWY_INLINE V value(D, V x, V t) {
    const auto difference = hn::Sub(x, t);
    return hn::Mul(difference, difference);
  }
  template <class D, class V>
  static HWY_INLINE V slope_x(D, V x, V t) {
    const auto difference = hn::Sub(x, t);
    return hn::Add(difference, difference);
  }
  template <class D, class V>
  static HWY_INLINE V slope_target(D d, V x, V t) {
    return hn::Neg(slope_x(d, x, t));
  }
};

/// softplus(-|x|) + max(x, 0) - x t: the last two first, as they cancel for a large x and t = 1.
struct Bce {
  template <class D, class V>
  static HWY_INLINE V value(D d, V x, V t) {
    const auto linear = hn::Sub(hn::Max(x, hn::Zero(d)), hn::Mul(x, t));
    return hn::Add(linear, vec::softplus(d, hn::Neg(hn::Abs(x))));
  }
  template <class D, class V>
  static HWY_INLINE V slope_x(D d, V x, V t) {
    return hn::Sub(vec::sigmoid(d, x), t);
  }
  template <class D, class V>
  static HWY_INLINE V slope_target(D, V x, V) {
    return hn::Neg(x);
  }
};

template <class Visitor>
void with_function(PairLoss function, const Visitor& visitor) {
  switch (function) {
    case PairLoss::l1: return visitor(L1());
    case PairLoss::mse: return visitor(Mse());
    case PairLoss::bce: return visitor(Bce());
  }
}

/// x (dense; target and the others lie alike) and the weight, cut into pieces of rows.
struct Pieces {
  cpu::StridedLoop<2> loop;
  int64_t per_row, chunk;

  Pieces(const Tensor& x, const Tensor& weight)
      : loop(x.shape(), {x.strides(), weight.defined() ? weight.strides() : x.strides()}),
        per_row((loop.row_length() + kPiece - 1) / kPiece),
        chunk(kPiecesPerTask *
              std::max<int64_t>(kPiece / std::max<int64_t>(std::min(loop.row_length(), kPiece), 1), 1)) {}

  int64_t count() const { return loop.rows() * per_row; }
  int64_t tasks() const { return (count() + chunk - 1) / chunk; }

  /// body(task, offset in x, offset in weight, length) for all pieces; those of one task in order, on one thread.
  template <class Body>
  void for_each(const Body& body) const {
    cpu::parallel_for(count(), chunk, [&](int64_t first, int64_t last) {
      for (int64_t piece = first; piece < last; ++piece) {
        const auto [x, weight] = loop.row_offsets(piece / per_row);
        const int64_t begin = piece % per_row * kPiece, length = std::min(kPiece, loop.row_length() - begin);
        body(first / chunk, x + begin, weight + begin * loop.row_stride(1), length);
      }
    });
  }
};

/// The weights of a piece of a row: absent (1), one for all elements (stride 0), or a row of them.
template <class C>
struct Weights {
  const C* data;
  bool dense;

  template <class Part>
  HWY_INLINE hn::Vec<vec::Tag<C>> load(const Part& part, int64_t i) const {
    if (!data) return part.only(hn::Set(vec::Tag<C>(), C(1)));
    return dense ? part.load(data + i) : part.only(hn::Set(vec::Tag<C>(), *data));
  }
};

template <class C, class V>
HWY_INLINE V weighted(V weight, V value) {
  return hn::IfThenZeroElse(hn::Eq(weight, hn::Zero(vec::Tag<C>())), hn::Mul(weight, value));
}

template <class T, class F>
void forward(const PairLossForward& args, F) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const Pieces pieces(args.x, args.weight);
  const T *x = args.x.data<T>(), *target = args.target.data<T>();
  const C* weight = args.weight.defined() ? args.weight.data<C>() : nullptr;
  C* each = args.reduction == Reduction::none ? args.loss.mutable_data<C>() : nullptr;
  Tensor sums = zeros({pieces.tasks(), 2}, DType::f64);
  double* sum = sums.mutable_data<double>();
  pieces.for_each([&](int64_t task, int64_t at, int64_t weight_at, int64_t n) {
    const Weights<C> weights{weight ? weight + weight_at : nullptr, pieces.loop.row_stride(1) == 1};
    auto loss = hn::Zero(d), total = hn::Zero(d);
    vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
      const auto w = weights.load(part, i);
      const auto term = weighted<C>(w, F::value(d, part.load(x + at + i), part.load(target + at + i)));
      if (each) part.store(term, each + at + i);
      loss = hn::Add(loss, term);
      total = hn::Add(total, w);
    });
    sum[2 * task] += static_cast<double>(vec::sum_of_lanes<C>(loss));
    sum[2 * task + 1] += static_cast<double>(vec::sum_of_lanes<C>(total));
  });
  double loss = 0, total = 0;
  for (int64_t task = 0; task < pieces.tasks(); ++task) {
    loss += sum[2 * task];
    total += sum[2 * task + 1];
  }
  *args.total.mutable_data<double>() = total;
  if (args.reduction == Reduction::mean) loss = total == 0 ? 0 : loss / total;
  if (!each) *args.loss.mutable_data<C>() = static_cast<C>(loss);
}

template <class T, class F>
void backward(const PairLossBackward& args, F) {
  using C = Compute<T>;
  const vec::Tag<C> d;
  const Pieces pieces(args.x, args.weight);
  const T *x = args.x.data<T>(), *target = args.target.data<T>();
  const C *weight = args.weight.defined() ? args.weight.data<C>() : nullptr, *dloss = args.dloss.data<C>();
  T* dx = args.dx.defined() ? args.dx.mutable_data<T>() : nullptr;
  T* dtarget = args.dtarget.defined() ? args.dtarget.mutable_data<T>() : nullptr;
  const bool each = args.reduction == Reduction::none;
  double scale = each ? 1 : static_cast<double>(*dloss);
  if (args.reduction == Reduction::mean) {
    const double total = *args.total.data<double>();
    scale = total == 0 ? 0 : scale / total;
  }
  const auto scales = hn::Set(d, static_cast<C>(scale));
  pieces.for_each([&](int64_t, int64_t at, int64_t weight_at, int64_t n) {
    const Weights<C> weights{weight ? weight + weight_at : nullptr, pieces.loop.row_stride(1) == 1};
    vec::for_each_vector<C>(n, [&](auto part, int64_t i) {
      const auto w = weights.load(part, i), a = part.load(x + at + i), b = part.load(target + at + i);
      const auto g = each ? part.load(dloss + at + i) : scales;
      if (dx) part.store(weighted<C>(w, hn::Mul(g, F::slope_x(d, a, b))), dx + at + i);
      if (dtarget) part.store(weighted<C>(w, hn::Mul(g, F::slope_target(d, a, b))), dtarget + at + i);
    });
  });
}

}  // namespace

void PairLossForwardCpu(const PairLossForward& args) {
  dispatch_floating("elementwise loss", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    with_function(args.function, [&](auto function) { forward<T>(args, function); });
  });
}
void PairLossBackwardCpu(const PairLossBackward& args) {
  dispatch_floating("elementwise loss", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    with_function(args.function, [&](auto function) { backward<T>(args, function); });
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(PairLossForwardCpu);
HWY_EXPORT(PairLossBackwardCpu);

void forward_cpu(const PairLossForward& args) { HWY_DYNAMIC_DISPATCH(PairLossForwardCpu)(args); }
void backward_cpu(const PairLossBackward& args) { HWY_DYNAMIC_DISPATCH(PairLossBackwardCpu)(args); }

const RegisterKernel registered_forward(pair_loss_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(pair_loss_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
