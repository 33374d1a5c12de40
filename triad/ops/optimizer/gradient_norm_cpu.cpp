#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/optimizer/gradient_norm_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include "triad/core/cpu/vector_row-inl.h"

#include <vector>

#include "triad/core/cpu/parallel.h"
#include "triad/ops/optimizer/gradient_norm.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kPiece = 1024;  // elements whose squares are added in f32
constexpr int64_t kPiecesPerTask = 32;

void SumOfSquaresCpu(const SumOfSquares& args) {
  const vec::Tag<float> d;
  const float* x = args.flat.data<float>();
  const int64_t n = args.flat.numel(), pieces = (n + kPiece - 1) / kPiece;
  std::vector<double> sums(static_cast<size_t>(pieces));
  cpu::parallel_for(pieces, kPiecesPerTask, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece) {
      auto squares = hn::Zero(d);
      vec::for_each_vector<float>(std::min(kPiece, n - piece * kPiece), [&](auto part, int64_t i) {
        const auto value = part.load(x + piece * kPiece + i);
        squares = hn::MulAdd(value, value, squares);
      });
      sums[static_cast<size_t>(piece)] = static_cast<double>(vec::sum_of_lanes<float>(squares));
    }
  });
  args.total = 0;
  for (const double sum : sums) args.total += sum;
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(SumOfSquaresCpu);

void sum_cpu(const SumOfSquares& args) { HWY_DYNAMIC_DISPATCH(SumOfSquaresCpu)(args); }

const RegisterKernel registered(sum_of_squares, DeviceType::cpu, &sum_cpu);

}  // namespace
}  // namespace triad::ops
#endif
