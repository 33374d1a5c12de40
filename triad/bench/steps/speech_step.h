#pragma once

#include "triad/bench/steps/step_model.h"
#include "triad/nn/layers/convolution.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/layers/lstm.h"

namespace triad::bench {

/// Two seconds of log-mel frames, two convolutions of stride 2, two layers of LSTM each way; each way predicts the frames of
/// three of its steps later.                                                                      [arXiv:1904.03240]
class SpeechStep : public StepModel {
 public:
  explicit SpeechStep(RandomKey key);

  void visit(const nn::Visitor& visitor) override;
  Tensor loss(const nn::Context& context) const override;
  std::vector<NamedTensor> batch() const override;
  double flops() const override;

 private:
  nn::Conv1d first_, second_;
  nn::LstmStack forward_, backward_;
  nn::Linear predict_forward_, predict_backward_;
  Tensor frames_BMF_;
};

}  // namespace triad::bench
