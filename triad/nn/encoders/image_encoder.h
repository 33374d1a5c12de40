// A convolutional stem and a pre-norm vision transformer, for pictures of any height and width.
// Axes: B batch, H W pixels, h w tokens (H / patch, W / patch), T = h * w, C width.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "triad/nn/layers/convolution.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/layers/transformer.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// 3×3 convolutions of stride 2, each followed by group norm and ReLU, then a 1×1 convolution with bias.
/// Patch embedding that trains more stably than one large stride [arXiv:2106.14881].
class ConvStem : public Module {
 public:
  /// One stride-2 convolution for each entry of `channels`; group norm with groups of 8 channels.
  ConvStem(int64_t image_channels, const std::vector<int64_t>& channels, int64_t width, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// images: [B, image_channels, H, W] with H, W multiples of patch(); visible: bool [B, h, w] or undefined → [B, C, h, w].
  /// Where a token is not visible its pixels, and the features made of them after every convolution, are 0, and the
  /// norms look at visible positions only: the features of visible tokens do not depend on hidden pixels at all.
  /// ShapeError for pictures that do not divide into tokens.
  Tensor forward(const Tensor& images_BCHW, const Tensor& visible_Bhw = {}) const;
  /// Pixels a token covers along each axis: 2 to the number of strided convolutions.
  int64_t patch() const { return int64_t{1} << convolutions.size(); }

  std::vector<std::unique_ptr<Conv2d>> convolutions;
  std::vector<std::unique_ptr<GroupNorm>> norms;
  Conv2d projection;
};

struct ImageEncoderOptions {
  int64_t image_channels = 3;
  std::vector<int64_t> stem_channels = {32, 64, 128};
  int64_t width = 192;
  int64_t layers = 6;
  int64_t heads = 3;
  int64_t hidden = 768;
  double dropout = 0;
  double norm_eps = 1e-6;
  double initial_stddev = 0.02;
  double residual_gain = 1;  ///< as in TransformerOptions
};

/// The body is timm's VisionTransformer (blocks and final norm), weight for weight; positions are fixed 2-D sin-cos.
class ImageEncoder : public Module {
 public:
  ImageEncoder(const ImageEncoderOptions& options, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// images: [B, image_channels, H, W] → [B, T, C], tokens row by row. With `visible` (bool [B, h, w]) the other tokens
  /// are replaced by the learned mask token before the body, as in masked image modelling [arXiv:2111.09886].
  Tensor forward(const Tensor& images_BCHW, const Context& context, const Tensor& visible_Bhw = {}) const;
  /// The body alone: tokens [B, T, C] → [B, T, C].
  Tensor body(const Tensor& tokens_BTC, const Context& context) const;

  const ImageEncoderOptions& options() const { return options_; }

  ConvStem stem;
  Parameter mask_token;  ///< [C]
  std::vector<std::unique_ptr<TransformerBlock>> layers;
  LayerNorm norm;

 private:
  ImageEncoderOptions options_;
};

/// [h * w, width]: for each token, sines and cosines of its row in the first half and of its column in the second, with
/// width / 4 frequencies from 1 down to 1/10000. ShapeError unless 4 divides the width.               [arXiv:2111.06377]
Tensor sincos_positions_2d(int64_t h, int64_t w, int64_t width);

}  // namespace triad::nn
