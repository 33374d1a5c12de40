#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/optimizer/gradient_norm_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <numeric>

#include "triad/core/cpu/parallel.h"
#include "triad/ops/optimizer/gradient_norm.h"
#include "triad/ops/optimizer/sum_of_squares-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

constexpr int64_t kPiecesPerTask = 32;

void SumOfSquaresCpu(const SumOfSquares& args) {
  const float* x = args.flat.data<float>();
  const int64_t n = args.flat.numel(), pieces = (n + kPiece - 1) / kPiece;
  Tensor memory = empty({pieces}, DType::f64);
  double* sums = memory.mutable_data<double>();
  cpu::parallel_for(pieces, kPiecesPerTask, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      sums[piece] = sum_of_squares_of_piece(x + piece * kPiece, std::min(kPiece, n - piece * kPiece));
  });
  args.total = std::accumulate(sums, sums + pieces, 0.0);
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
