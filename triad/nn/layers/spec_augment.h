// Parts of a spectrogram hidden at random, so that no single band or moment is relied upon.
#pragma once

#include <cstdint>

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"

namespace triad::nn {

/// How much is hidden in each utterance: `bands` times up to `band_width` neighbouring mel bands, `spans` times a stretch of
/// up to `span_share` of its frames. Widths are uniform, from nothing up; what is hidden may overlap.
struct SpecAugmentOptions {
  int64_t bands = 0;
  int64_t band_width = 8;
  int64_t spans = 0;
  double span_share = 0.2;  ///< in [0, 1]
};

/// The spectrogram with 0, the mean of normalised features, where something is hidden: SpecAugment without time warping.
/// frames: [B, F, M], lengths: i64 [B], each in [0, F]. Sample b is cut by a function of the key and its index in the global
/// batch (key.sample + b) alone. Hidden values get no gradient.                                     [arXiv:1904.08779]
Tensor spec_augment(const Tensor& frames_BFM, const Tensor& lengths_B, const SpecAugmentOptions& options,
                    const RandomKey& key);

}  // namespace triad::nn
