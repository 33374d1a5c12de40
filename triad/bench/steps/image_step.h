#pragma once

#include <memory>

#include "triad/bench/steps/step_model.h"
#include "triad/nn/layers/convolution.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/layers/norm.h"
#include "triad/nn/layers/transformer.h"

namespace triad::bench {

struct ImageStepOptions {
  int64_t layers = 6;
  int64_t width = 192;
  int64_t heads = 3;
  int64_t side = 64;
  int64_t patch = 0;  ///< 0: three convolutions of stride 2 and a projection, instead of one over patches
  int64_t batch = 64;
  int64_t classes = 100;
  double dropout = 0;
};

/// A vision transformer of pre-norm blocks, its positions given from outside. The convolutions of its stem are followed by
/// group norm and GELU.
class ImageTower : public nn::Module {
 public:
  ImageTower(const ImageStepOptions& options, RandomKey key);

  void visit(const nn::Visitor& visitor) override;
  /// images: [B, 3, side, side], positions: [1, T, C] → means over the positions, [B, C].
  Tensor forward(const Tensor& images_BCHW, const Tensor& positions, const nn::Context& context) const;
  /// Side of the grid of tokens.
  int64_t grid() const;
  /// Forward and backward for a batch, as StepModel::flops().
  double flops(int64_t batch) const;

 private:
  ImageStepOptions options_;
  std::vector<std::unique_ptr<nn::Conv2d>> convolutions_;
  std::vector<std::unique_ptr<nn::GroupNorm>> norms_;
  std::vector<std::unique_ptr<nn::TransformerBlock>> layers_;
  nn::LayerNorm norm_;
};

/// Random pictures, and random vectors for the positions.
struct ImageBatch {
  ImageBatch(const ImageStepOptions& options, int64_t grid, RandomKey key);
  Tensor images_BCHW, positions;
};

/// The tower as a classifier.
class ImageStep : public StepModel {
 public:
  ImageStep(const ImageStepOptions& options, RandomKey key);

  void visit(const nn::Visitor& visitor) override;
  Tensor loss(const nn::Context& context) const override;
  std::vector<NamedTensor> batch() const override;
  double flops() const override;

 private:
  ImageStepOptions options_;
  ImageTower tower_;
  nn::Linear classifier_;
  ImageBatch pictures_;
  Tensor labels_;
};

}  // namespace triad::bench
