#include "triad/train/evaluate/embed.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "triad/autograd/grad_mode.h"
#include "triad/train/evaluate/row_buffer.h"

namespace triad::train {
namespace {

constexpr size_t kBatch = 100;
/// Of a batch, padding included: a hundred sounds of ten seconds at 16 kHz.
constexpr size_t kBatchBytes = 100 * 10 * 16'000 * sizeof(int16_t);

const nn::Context kEvaluation{};

struct Encoded {
  Tensor embeddings, features;
};

/// Runs `encode` on the values of a column, some at a time. An empty value means that the sample lacks the modality.
Embedded embed_column(const TrainingData& data, std::string_view name, std::string_view column,
                      const std::function<Encoded(const std::vector<data::Value>&)>& encode) {
  const NoGrad no_tape;
  const data::SplitReader& split = data.split(name);
  Embedded result{.split = std::string(name)};
  if (!split.has(column)) return result;
  const std::vector<int64_t> identities = split.values<int64_t>("identity");
  const std::vector<int64_t> labels = split.has("label") ? split.values<int64_t>("label") : std::vector<int64_t>();
  RowBuffer embeddings(split.size()), features(split.size());
  std::vector<data::Value> batch;
  size_t longest = 0;
  const auto encode_batch = [&] {
    const Encoded encoded = encode(std::exchange(batch, {}));
    embeddings.append(encoded.embeddings);
    if (encoded.features.defined()) features.append(encoded.features);
    longest = 0;
  };
  for (int64_t i = 0; i < split.size(); ++i) {
    data::Value value = split.read(i, column);
    if (value.bytes.empty()) continue;
    longest = std::max(longest, value.bytes.size());
    if (!batch.empty() && (batch.size() == kBatch || (batch.size() + 1) * longest > kBatchBytes)) encode_batch();
    longest = std::max(longest, value.bytes.size());
    batch.push_back(std::move(value));
    result.rows.push_back(i);
    result.identities.push_back(identities[static_cast<size_t>(i)]);
    if (!labels.empty()) result.labels.push_back(labels[static_cast<size_t>(i)]);
  }
  if (!batch.empty()) encode_batch();
  result.embeddings = embeddings.rows();
  result.features = features.rows();
  return result;
}

}  // namespace

Embedded embed_text(const Model& model, const TrainingData& data, std::string_view split) {
  return embed_column(data, split, "text", [&](const std::vector<data::Value>& values) -> Encoded {
    std::vector<std::vector<int32_t>> sentences;
    for (const data::Value& value : values) sentences.push_back(data.tokens(value));
    const TextBatch batch = collate_text(sentences, data.tokenizer().special().pad);
    return {model.embed_text(batch.ids_BT, batch.mask_BT, kEvaluation), {}};
  });
}

Embedded embed_images(const Model& model, const TrainingData& data, std::string_view split) {
  return embed_column(data, split, "image", [&](const std::vector<data::Value>& values) -> Encoded {
    const Tensor tokens = model.image.forward(collate_images(values), kEvaluation);
    return {model.project_image(tokens), model.pool_image(tokens)};
  });
}

Embedded embed_speech(const Model& model, const TrainingData& data, std::string_view split) {
  return embed_column(data, split, "audio", [&](const std::vector<data::Value>& values) -> Encoded {
    std::vector<data::LogMel> sounds;
    for (const data::Value& value : values) sounds.push_back(data.features(value));
    const SpeechBatch batch = collate_speech(sounds);
    const nn::SpeechStates states = model.speech.forward(batch.frames_BFM, batch.lengths_B, kEvaluation);
    return {model.project_speech(states), model.pool_speech(states)};
  });
}

}  // namespace triad::train
