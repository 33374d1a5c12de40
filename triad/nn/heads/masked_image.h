// Masked image modelling: predict the pixels of hidden tokens.                                      [arXiv:2111.09886]
// Axes: B batch, H W pixels, h w tokens, P pixels a token covers along an axis.
#pragma once

#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"

namespace triad::nn {

class MaskedImageHead : public Module {
 public:
  MaskedImageHead(int64_t width, int64_t patch, int64_t image_channels, double initial_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// tokens: [B, h * w, C] → pixels [B, h * w, P * P * channels].
  Tensor forward(const Tensor& tokens_BTC) const { return pixels.forward(tokens_BTC); }

  Linear pixels;
};

/// Pixels as tokens: [B, channels, H, W] → [B, h * w, P * P * channels].
Tensor patchify(const Tensor& images_BCHW, int64_t patch);

/// Sum of |predicted - true| over all pixels of hidden tokens. predicted: as MaskedImageHead::forward; visible: bool
/// [B, h, w]. The number of terms is (hidden tokens) * P * P * channels.
Tensor masked_image_loss(const Tensor& predicted, const Tensor& images_BCHW, const Tensor& visible_Bhw);

/// The tokens to hide of one picture, as whole blocks of 2×2 tokens: `ratio` of the blocks, by a shuffle from `key`.
/// bool [h * w], true for visible. At least one block stays hidden and at least one visible.
std::vector<bool> draw_visible_tokens(int64_t h, int64_t w, double ratio, RandomKey key);

}  // namespace triad::nn
