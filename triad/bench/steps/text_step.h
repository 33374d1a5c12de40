#pragma once

#include "triad/bench/steps/random_batch.h"
#include "triad/bench/steps/step_model.h"
#include "triad/nn/encoders/text_encoder.h"
#include "triad/nn/heads/masked_lm.h"

namespace triad::bench {

struct TextStepOptions {
  int64_t layers = 4;
  int64_t width = 256;
  int64_t vocabulary = 8192;
  int64_t batch = 32;
  int64_t positions = 128;
  double dropout = 0;
};

/// BERT with a masked-LM head that looks at the masked positions only.
class TextStep : public StepModel {
 public:
  TextStep(const TextStepOptions& options, RandomKey key);

  void visit(const nn::Visitor& visitor) override;
  Tensor loss(const nn::Context& context) const override;
  std::vector<NamedTensor> batch() const override;
  double flops() const override;

 private:
  TextStepOptions options_;
  nn::TextEncoder encoder_;
  nn::MaskedLmHead head_;
  TextBatch texts_;
  Tensor masked_, labels_;
};

/// The encoder of a TextStep.
nn::TextEncoderOptions text_encoder_options(const TextStepOptions& options);

}  // namespace triad::bench
