// Embeddings and features of whole splits, batch by batch, without a tape. What is kept is what comes out: memory is that of
// one batch and of N · (shared width + encoder width) numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// What an encoder makes of the samples of a split that have its modality: row i of each tensor is about sample rows[i].
struct Embedded {
  std::string split;
  Tensor embeddings;                ///< f32 [N, shared_width], rows of length 1
  Tensor features;                  ///< f32 [N, encoder width], before the projection; undefined for text
  std::vector<int64_t> rows;        ///< in increasing order
  std::vector<int64_t> identities;  ///< equal ones are each other's right answers
  std::vector<int64_t> labels;      ///< classes; empty if the split has none

  /// No sample has the modality.
  bool empty() const { return rows.empty(); }
};

Embedded embed_text(const Model& model, const TrainingData& data, std::string_view split);
Embedded embed_images(const Model& model, const TrainingData& data, std::string_view split);
Embedded embed_speech(const Model& model, const TrainingData& data, std::string_view split);

}  // namespace triad::train
