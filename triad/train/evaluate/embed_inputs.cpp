#include "triad/train/evaluate/embed_inputs.h"

#include <algorithm>
#include <span>

#include "triad/autograd/grad_mode.h"
#include "triad/data/audio/sound_file.h"
#include "triad/data/image/picture_file.h"
#include "triad/train/evaluate/row_buffer.h"

namespace triad::train {
namespace {

constexpr size_t kBatch = 100;
/// Of a batch of sounds, padding included: a hundred of ten seconds.
constexpr int64_t kBatchFrames = 100 * 1000;

const nn::Context kEvaluation{};

/// Rows of embed(part) for parts of at most kBatch items.
template <class Embed>
Tensor in_batches(std::span<const std::string> items, const Embed& embed) {
  const NoGrad no_tape;
  RowBuffer embeddings(std::ssize(items));
  for (size_t first = 0; first < items.size(); first += kBatch)
    embeddings.append(embed(items.subspan(first, std::min(kBatch, items.size() - first))));
  return embeddings.rows();
}

data::Value picture_of(const std::string& file, const Shape& shape) {
  const std::vector<uint8_t> planes =
      data::read_picture(file, static_cast<int>(shape[0]), static_cast<int>(shape[1]), static_cast<int>(shape[2]));
  const std::span<const std::byte> bytes = std::as_bytes(std::span(planes));
  return {data::ElementType::u8, shape, {bytes.begin(), bytes.end()}};
}

}  // namespace

Tensor embeddings_of_texts(const Model& model, const TrainingData& data, const std::vector<std::string>& texts) {
  require<ValueError>(!texts.empty(), "embeddings_of_texts", "no texts");
  return in_batches(texts, [&](std::span<const std::string> part) {
    std::vector<std::vector<int32_t>> sequences;
    for (const std::string& text : part) sequences.push_back(data.tokens(text));
    const TextBatch batch = collate_text(sequences, data.tokenizer().special().pad);
    return model.embed_text(batch.ids_BT, batch.mask_BT, kEvaluation);
  });
}

Tensor embeddings_of_images(const Model& model, const TrainingData& data, const std::vector<std::string>& files) {
  require<ValueError>(!files.empty(), "embeddings_of_images", "no files");
  const Shape shape = data.picture_shape();
  return in_batches(files, [&](std::span<const std::string> part) {
    std::vector<data::Value> images;
    for (const std::string& file : part) images.push_back(picture_of(file, shape));
    return model.embed_image(collate_images(images), kEvaluation);
  });
}

Tensor embeddings_of_sounds(const Model& model, const TrainingData& data, const std::vector<std::string>& files) {
  require<ValueError>(!files.empty(), "embeddings_of_sounds", "no files");
  require<IoError>(data.has_sound(), data.dataset().folder().string(), "the data set has no sound");
  const NoGrad no_tape;
  RowBuffer embeddings(std::ssize(files));
  std::vector<data::LogMel> sounds;
  int64_t longest = 0;
  const auto embed = [&] {
    const SpeechBatch batch = collate_speech(sounds);
    embeddings.append(model.embed_speech(batch.frames_BFM, batch.lengths_B, kEvaluation));
    sounds.clear();
    longest = 0;
  };
  for (const std::string& file : files) {
    data::LogMel sound = data::log_mel(data::read_sound(file, data.mel().sample_rate).samples, data.mel());
    if (!sounds.empty() && (std::ssize(sounds) + 1) * std::max(longest, sound.frames) > kBatchFrames) embed();
    longest = std::max(longest, sound.frames);
    sounds.push_back(std::move(sound));
  }
  embed();
  return embeddings.rows();
}

}  // namespace triad::train
