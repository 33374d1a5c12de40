#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/random/dropout_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>

#include "triad/core/cpu/vector_philox-inl.h"
#include "triad/core/cpu/vector_row-inl.h"
#include "triad/ops/random/dropout.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace vec = triad::cpu::HWY_NAMESPACE;

constexpr int64_t kPiece = 64 * vec::kRandomWords;  // of a sample: what one task works on
constexpr int64_t kCost = 4;

/// Up to kRandomWords elements.
template <class T>
void drop(const T* x, const uint32_t* words, uint32_t threshold, Compute<T> scale, int64_t n, T* y) {
  if constexpr (std::is_same_v<T, double>) {
    for (int64_t i = 0; i < n; ++i) y[i] = words[i] < threshold ? 0 : x[i] * scale;
  } else {
    const vec::Tag<float> d;
    const vec::Tag<uint32_t> d32;
    const auto thresholds = hn::Set(d32, threshold);
    const auto scales = hn::Set(d, scale);
    vec::for_each_vector<float>(n, [&](auto part, int64_t i) {
      const auto dropped = hn::RebindMask(d, hn::Lt(hn::LoadU(d32, words + i), thresholds));
      part.store(hn::IfThenZeroElse(dropped, hn::Mul(part.load(x + i), scales)), y + i);
    });
  }
}

}  // namespace

void DropoutApplyCpu(const DropoutApply& args) {
  const int64_t samples = args.x.rank() == 0 ? 1 : args.x.size(0);
  const int64_t n = samples == 0 ? 0 : args.x.numel() / samples, pieces = (n + kPiece - 1) / kPiece;
  const auto threshold = static_cast<uint32_t>(std::ldexp(args.p, 32));
  dispatch_floating("dropout", args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* x = args.x.data<T>();
    T* y = args.y.mutable_data<T>();
    const auto scale = static_cast<Compute<T>>(1 / (1 - args.p));
    cpu::parallel_for(
        samples * pieces, cpu::chunk_for_cost(kCost * std::min(n, kPiece)), [&](int64_t first, int64_t last) {
          HWY_ALIGN uint32_t words[vec::kRandomWords];
          for (int64_t task = first; task < last; ++task) {
            const int64_t sample = task / pieces, begin = task % pieces * kPiece, end = std::min(begin + kPiece, n);
            for (int64_t j = begin; j < end; j += vec::kRandomWords) {
              vec::random_words(args.key, static_cast<uint32_t>(j / 4), static_cast<uint32_t>(sample), words);
              const int64_t at = sample * n + j;
              drop(x + at, words, threshold, scale, std::min(vec::kRandomWords, end - j), y + at);
            }
          }
        });
  });
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(DropoutApplyCpu);

void apply_cpu(const DropoutApply& args) { HWY_DYNAMIC_DISPATCH(DropoutApplyCpu)(args); }

const RegisterKernel registered(dropout_apply, DeviceType::cpu, &apply_cpu);

}  // namespace
}  // namespace triad::ops
#endif
