#include "triad/nn/layers/spec_augment.h"

#include <algorithm>

#include "triad/ops/elementwise/where.h"

namespace triad::nn {
namespace {

struct Range {
  int64_t first = 0, end = 0;
};

/// Uniform width from 0 to `widest`, then a uniform place in [0, size).
Range draw(RandomStream& random, int64_t widest, int64_t size) {
  const auto up_to = [&](int64_t most) { return static_cast<int64_t>(random.below(static_cast<uint64_t>(most) + 1)); };
  const int64_t width = up_to(std::min(widest, size)), first = up_to(size - width);
  return {first, first + width};
}

}  // namespace

Tensor spec_augment(const Tensor& frames_BFM, const Tensor& lengths_B, const SpecAugmentOptions& o,
                    const RandomKey& key) {
  check_rank("spec_augment", "frames", frames_BFM, 3);
  check_shape("spec_augment", "lengths", lengths_B, {frames_BFM.size(0)});
  if (o.bands == 0 && o.spans == 0) return frames_BFM;
  const int64_t frames = frames_BFM.size(1), mels = frames_BFM.size(2);
  const std::vector<int64_t> lengths = lengths_B.to_vector<int64_t>();
  Tensor keep = full(frames_BFM.shape(), 1, DType::boolean);
  bool* sample = keep.mutable_data<bool>();
  for (size_t b = 0; b < lengths.size(); ++b, sample += frames * mels) {
    require<ValueError>(lengths[b] >= 0 && lengths[b] <= frames, "spec_augment", "lengths[", b, "] is ", lengths[b],
                        ", expected 0 to ", frames);
    RandomStream random(key.for_sample(key.sample + static_cast<uint32_t>(b)));
    for (int64_t i = 0; i < o.bands; ++i) {
      const Range band = draw(random, o.band_width, mels);
      for (int64_t t = 0; t < lengths[b]; ++t)
        std::fill(sample + t * mels + band.first, sample + t * mels + band.end, false);
    }
    for (int64_t i = 0; i < o.spans; ++i) {
      const auto widest = static_cast<int64_t>(o.span_share * static_cast<double>(lengths[b]));
      const Range span = draw(random, widest, lengths[b]);
      std::fill(sample + span.first * mels, sample + span.end * mels, false);
    }
  }
  return ops::where(keep, frames_BFM, zeros({}, frames_BFM.dtype(), frames_BFM.device()));
}

}  // namespace triad::nn
