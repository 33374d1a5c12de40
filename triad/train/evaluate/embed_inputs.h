// Embeddings of texts and files that are in no data set, batch by batch, without a tape.
#pragma once

#include <string>
#include <vector>

#include "triad/train/model/model.h"
#include "triad/train/stages/features.h"

namespace triad::train {

/// f32 [N, shared_width], rows of length 1, for at least one text (ValueError). `data` is what the model was trained on.
Tensor embeddings_of_texts(const Model& model, const TrainingData& data, const std::vector<std::string>& texts);

/// The same of PNG and JPEG files: the middle of each picture, at the size and channels of the pictures in `data`.
/// IoError naming a file that cannot be read, or if `data` has no pictures.
Tensor embeddings_of_images(const Model& model, const TrainingData& data, const std::vector<std::string>& files);

/// The same of sound files, at the sample rate of `data`. IoError naming a file that cannot be read, or if `data` has no
/// sound.
Tensor embeddings_of_sounds(const Model& model, const TrainingData& data, const std::vector<std::string>& files);

}  // namespace triad::train
