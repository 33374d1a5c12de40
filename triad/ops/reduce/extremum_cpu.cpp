#include <limits>

#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/fold_cpu.h"

namespace triad::ops {
namespace {

template <class A>
inline constexpr A kLeast =
    std::numeric_limits<A>::has_infinity ? -std::numeric_limits<A>::infinity() : std::numeric_limits<A>::lowest();
template <class A>
inline constexpr A kMost =
    std::numeric_limits<A>::has_infinity ? std::numeric_limits<A>::infinity() : std::numeric_limits<A>::max();

struct Largest {
  template <class A>
  static A start() {
    return kLeast<A>;
  }
  template <class A>
  static A step(A a, A b) {
    return scalar::larger(a, b);
  }
  /// Whether a later value takes the place of the best so far.
  template <class A>
  static bool replaces(A later, A best) {
    return later > best || (later != later && best == best);
  }
};

struct Smallest {
  template <class A>
  static A start() {
    return kMost<A>;
  }
  template <class A>
  static A step(A a, A b) {
    return scalar::smaller(a, b);
  }
  template <class A>
  static bool replaces(A later, A best) {
    return later < best || (later != later && best == best);
  }
};

void extremum_forward_cpu(const ExtremumForward& args) {
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    if (args.largest) fold::fold_into<Largest, T, T>(args.y, args.x, args.axes);
    else fold::fold_into<Smallest, T, T>(args.y, args.x, args.axes);
  });
}

/// Walks the axis once for a tile of outputs, in the order in which x lies in memory: many outputs a tile where they
/// are neighbours, one where the elements of the axis are.
template <class F, class T>
void arg_extremum(const ArgExtremumForward& args) {
  using C = Compute<T>;
  constexpr int64_t kTile = 256;
  const fold::Split split = fold::Split::of(args.x, {args.axis});
  const int64_t length = args.x.size(args.axis), axis_stride = args.x.strides()[args.axis];
  const int64_t row = split.kept.row_length(), stride = split.kept.row_stride(0);
  const int64_t tile = stride < axis_stride ? kTile : 1, tiles = (row + tile - 1) / tile;
  const T* x = args.x.data<T>();
  int64_t* y = args.y.mutable_data<int64_t>();
  cpu::parallel_for(split.kept.rows() * tiles, cpu::chunk_for_cost(2 * length * tile),
                    [&](int64_t first, int64_t last) {
                      C best[kTile];
                      for (int64_t task = first; task < last; ++task) {
                        const int64_t begin = task % tiles * tile, n = std::min(tile, row - begin);
                        const T* from = x + split.kept.row_offsets(task / tiles)[0] + begin * stride;
                        int64_t* to = y + task / tiles * row + begin;
                        for (int64_t i = 0; i < n; ++i) best[i] = from[i * stride], to[i] = 0;
                        for (int64_t k = 1; k < length; ++k) {
                          for (int64_t i = 0; i < n; ++i) {
                            const C value = from[k * axis_stride + i * stride];
                            if (F::replaces(value, best[i])) best[i] = value, to[i] = k;
                          }
                        }
                      }
                    });
}

void arg_extremum_forward_cpu(const ArgExtremumForward& args) {
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    if (args.largest) arg_extremum<Largest, T>(args);
    else arg_extremum<Smallest, T>(args);
  });
}

const RegisterKernel registered_extremum(extremum_forward, DeviceType::cpu, &extremum_forward_cpu);
const RegisterKernel registered_arg(arg_extremum_forward, DeviceType::cpu, &arg_extremum_forward_cpu);

}  // namespace
}  // namespace triad::ops
