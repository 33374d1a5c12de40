// Embeddings and features of whole splits, batch by batch, without a tape.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// What the encoders make of a split. A modality the split lacks is undefined.
struct SplitEmbeddings {
  Tensor image, text, speech;                   ///< f32 [N, shared_width], rows of length 1
  Tensor image_features, speech_features;       ///< f32 [N, encoder width]: before the projection
  std::vector<int64_t> identities;              ///< equal ones are each other's right answers
  std::vector<int64_t> labels;                  ///< classes; empty if the split has none
};

SplitEmbeddings embed_split(const Model& model, const TrainingData& data, std::string_view split);

}  // namespace triad::train
