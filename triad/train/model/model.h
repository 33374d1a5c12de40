// The three encoders, the shared space, and the heads of all stages, as one tree of parameters.
#pragma once

#include "triad/nn/encoders/image_encoder.h"
#include "triad/nn/encoders/speech_encoder.h"
#include "triad/nn/encoders/text_encoder.h"
#include "triad/nn/heads/answer.h"
#include "triad/nn/heads/masked_image.h"
#include "triad/nn/heads/masked_lm.h"
#include "triad/nn/heads/projection.h"
#include "triad/nn/heads/speech_prediction.h"
#include "triad/nn/layers/pooling.h"
#include "triad/train/config/recipe.h"

namespace triad::train {

/// Sizes that come from the data rather than from the recipe.
struct ModelSizes {
  int64_t vocabulary = 0;
  int64_t answers = 0;  ///< 0: the data has no questions, and the model no answer head
};

class Model : public nn::Module {
 public:
  Model(const ModelOptions& options, const ModelSizes& sizes, int64_t speech_distances, RandomKey key);

  void visit(const nn::Visitor& visitor) override;

  /// Embeddings in the shared space: f32 [B, shared_width], rows of length 1.
  Tensor embed_text(const Tensor& ids_BT, const Tensor& mask_BT, const nn::Context& context) const;
  Tensor embed_image(const Tensor& images_BCHW, const nn::Context& context) const;
  Tensor embed_speech(const Tensor& frames_BFM, const Tensor& lengths_B, const nn::Context& context) const;

  /// From the outputs of an encoder to the shared space, for callers that need those outputs for something else too.
  Tensor project_text(const Tensor& hidden_BTC, const Tensor& mask_BT) const;
  Tensor project_image(const Tensor& tokens_BTC) const;
  Tensor project_speech(const nn::SpeechStates& states) const;

  /// One vector an utterance or picture, before the projection: what linear probes look at. f32 [B, encoder width].
  Tensor pool_image(const Tensor& tokens_BTC) const;
  Tensor pool_speech(const nn::SpeechStates& states) const;

  /// log(1 / temperature), kept in [0, ln 100] after every step, as CLIP does.               [arXiv:2103.00020, 2.5]
  Parameter log_scale;
  void clamp_log_scale();

  nn::TextEncoder text;
  nn::ImageEncoder image;
  nn::SpeechEncoder speech;
  nn::AttentionPool image_pool, speech_pool;
  nn::Projection text_projection, image_projection, speech_projection;
  nn::MaskedLmHead masked_lm;
  nn::MaskedImageHead masked_image;
  nn::SpeechPredictionHead speech_prediction;
  std::unique_ptr<nn::AnswerHead> answer;  ///< null without questions
};

}  // namespace triad::train
