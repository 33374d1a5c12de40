#include "triad/train/evaluate/embed.h"

#include <algorithm>

#include "triad/autograd/grad_mode.h"
#include "triad/ops/shape/concat.h"

namespace triad::train {
namespace {

constexpr int64_t kBatch = 100;

const nn::Context kEvaluation{};

/// Rows of all batches; undefined if there are none.
Tensor joined(const std::vector<Tensor>& parts) { return parts.empty() ? Tensor() : ops::concat(parts, 0); }

}  // namespace

SplitEmbeddings embed_split(const Model& model, const TrainingData& data, std::string_view name) {
  const NoGrad no_tape;
  const data::SplitReader& split = data.split(name);
  std::vector<Tensor> image, text, speech, image_features, speech_features;
  for (int64_t first = 0; first < split.size(); first += kBatch) {
    const int64_t last = std::min(first + kBatch, split.size());
    const auto each = [&](const char* column, const auto& take) {
      if (!split.has(column)) return false;
      for (int64_t i = first; i < last; ++i) take(split.read(i, column));
      return true;
    };
    std::vector<data::Value> images;
    if (each("image", [&](data::Value v) { images.push_back(std::move(v)); })) {
      const Tensor tokens = model.image.forward(collate_images(images), kEvaluation);
      image.push_back(model.project_image(tokens));
      image_features.push_back(model.pool_image(tokens));
    }
    std::vector<std::vector<int32_t>> sentences;
    if (each("text", [&](const data::Value& v) { sentences.push_back(data.tokens(v)); })) {
      const TextBatch batch = collate_text(sentences, data.tokenizer().special().pad);
      text.push_back(model.embed_text(batch.ids_BT, batch.mask_BT, kEvaluation));
    }
    std::vector<data::LogMel> sounds;
    if (each("audio", [&](const data::Value& v) { sounds.push_back(data.features(v)); })) {
      const SpeechBatch batch = collate_speech(sounds);
      const nn::SpeechStates states = model.speech.forward(batch.frames_BFM, batch.lengths_B, kEvaluation);
      speech.push_back(model.project_speech(states));
      speech_features.push_back(model.pool_speech(states));
    }
  }
  return {.image = joined(image),
          .text = joined(text),
          .speech = joined(speech),
          .image_features = joined(image_features),
          .speech_features = joined(speech_features),
          .identities = split.values<int64_t>("identity"),
          .labels = split.has("label") ? split.values<int64_t>("label") : std::vector<int64_t>()};
}

}  // namespace triad::train
