#pragma once

#include "triad/bench/steps/image_step.h"
#include "triad/bench/steps/random_batch.h"
#include "triad/bench/steps/step_model.h"
#include "triad/nn/encoders/text_encoder.h"
#include "triad/nn/heads/projection.h"

namespace triad::bench {

/// Pictures and texts in one space: InfoNCE both ways with a learned temperature.
class AlignStep : public StepModel {
 public:
  AlignStep(double dropout, RandomKey key);

  void visit(const nn::Visitor& visitor) override;
  Tensor loss(const nn::Context& context) const override;
  std::vector<NamedTensor> batch() const override;
  double flops() const override;

 private:
  ImageTower image_;
  nn::TextEncoder text_;
  nn::Projection image_projection_, text_projection_;
  Parameter log_scale_;
  ImageBatch pictures_;
  TextBatch texts_;
  Tensor identities_;
};

}  // namespace triad::bench
