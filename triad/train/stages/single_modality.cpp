#include "triad/train/stages/single_modality.h"

#include <algorithm>

#include "triad/nn/layers/mask.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/shape/reshape.h"
#include "triad/train/stages/masked_text.h"

namespace triad::train {
namespace {

using data::BatchIndices;

class TextStage : public LoaderStage<MaskedTextBatch> {
 public:
  explicit TextStage(const StageSetup& setup)
      : LoaderStage(setup, "text",
                    parameters_below({{"text", &setup.model.text}, {"masked_lm", &setup.model.masked_lm}})) {
    const data::SplitReader& pool = setup.data.split("pool_text");
    start(setup.recipe.text, pool.size(), pool.lengths("text"), [this, &pool](const BatchIndices& indices) {
      std::vector<std::vector<int32_t>> sequences;
      for (const int64_t sample : indices.samples) sequences.push_back(setup_.data.tokens(pool.read(sample, "text")));
      return hide_tokens(std::move(sequences), setup_.data.tokenizer(), setup_.recipe.text.masked,
                         [&](size_t i) { return key_of(indices, i); });
    });
  }

  int64_t size() const override { return batch_.text.ids_BT.size(0); }
  std::vector<LossTerm> terms() const override {
    return {{"masked_lm", 1, static_cast<double>(batch_.positions.size())}};
  }

  Forward forward(int64_t first, int64_t count, const nn::Context& context) override {
    const int64_t length = batch_.text.ids_BT.size(1);
    const auto low = std::lower_bound(batch_.positions.begin(), batch_.positions.end(), first * length);
    const auto high = std::lower_bound(batch_.positions.begin(), batch_.positions.end(), (first + count) * length);
    if (low == high) return {{zeros({})}, {}};
    std::vector<int64_t> positions(low, high);
    for (int64_t& position : positions) position -= first * length;
    const std::vector<int64_t> targets(batch_.originals.begin() + (low - batch_.positions.begin()),
                                       batch_.originals.begin() + (high - batch_.positions.begin()));
    const Model& model = setup_.model;
    const Tensor hidden = model.text.forward(ops::slice(batch_.text.ids_BT, 0, first, first + count),
                                             ops::contiguous(ops::slice(batch_.text.mask_BT, 0, first, first + count)),
                                             context.at("text"));
    const int64_t n = std::ssize(positions);
    const Tensor logits = model.masked_lm.forward(nn::rows_at(hidden, from_values(positions, {n})), model.text.tokens);
    return {{ops::cross_entropy(ops::cast(logits, DType::f32), from_values(targets, {n}),
                                {.reduction = ops::Reduction::sum})},
            {}};
  }
};

struct MaskedImageBatch {
  Tensor images_BCHW;
  Tensor visible_Bhw;
};

class ImageStage : public LoaderStage<MaskedImageBatch> {
 public:
  explicit ImageStage(const StageSetup& setup)
      : LoaderStage(setup, "image",
                    parameters_below({{"image", &setup.model.image}, {"masked_image", &setup.model.masked_image}})) {
    const data::SplitReader& pool = setup.data.split("pool_image");
    start(setup.recipe.image, pool.size(), {}, [this, &pool](const BatchIndices& indices) {
      std::vector<data::Value> images;
      for (const int64_t sample : indices.samples) images.push_back(pool.read(sample, "image"));
      MaskedImageBatch batch{collate_images(images), {}};
      const int64_t patch = setup_.model.image.stem.patch();
      const int64_t h = batch.images_BCHW.size(2) / patch, w = batch.images_BCHW.size(3) / patch;
      batch.visible_Bhw = empty({batch.images_BCHW.size(0), h, w}, DType::boolean);
      bool* visible = batch.visible_Bhw.mutable_data<bool>();
      for (size_t i = 0; i < indices.samples.size(); ++i)
        visible =
            std::ranges::copy(nn::draw_visible_tokens(h, w, setup_.recipe.image.hidden, key_of(indices, i)), visible)
                .out;
      return batch;
    });
  }

  int64_t size() const override { return batch_.images_BCHW.size(0); }

  std::vector<LossTerm> terms() const override {
    const bool* visible = batch_.visible_Bhw.data<bool>();
    const auto hidden = std::count(visible, visible + batch_.visible_Bhw.numel(), false);
    const int64_t pixels = batch_.images_BCHW.numel() / batch_.visible_Bhw.numel();
    return {{"masked_image", 1, static_cast<double>(hidden * pixels)}};
  }

  Forward forward(int64_t first, int64_t count, const nn::Context& context) override {
    const Tensor images = ops::slice(batch_.images_BCHW, 0, first, first + count);
    const Tensor visible = ops::contiguous(ops::slice(batch_.visible_Bhw, 0, first, first + count));
    const Tensor tokens = setup_.model.image.forward(images, context.at("image"), visible);
    return {{nn::masked_image_loss(setup_.model.masked_image.forward(tokens), images, visible)}, {}};
  }
};

class SpeechStage : public LoaderStage<SpeechBatch> {
 public:
  explicit SpeechStage(const StageSetup& setup)
      : LoaderStage(setup, "speech",
                    parameters_below(
                        {{"speech", &setup.model.speech}, {"speech_prediction", &setup.model.speech_prediction}})) {
    const data::SplitReader& pool = setup.data.split("pool_speech");
    start(setup.recipe.speech, pool.size(), pool.lengths("audio"), [this, &pool](const BatchIndices& indices) {
      std::vector<data::LogMel> sounds;
      for (const int64_t sample : indices.samples) sounds.push_back(setup_.data.features(pool.read(sample, "audio")));
      return collate_speech(sounds);
    });
  }

  int64_t size() const override { return batch_.lengths_B.size(0); }

  std::vector<LossTerm> terms() const override {
    const nn::SpeechPredictionHead& head = setup_.model.speech_prediction;
    return {
        {"frames", setup_.recipe.speech.frame_weight, static_cast<double>(head.frame_count(batch_.lengths_B))},
        {"features", setup_.recipe.speech.feature_weight, static_cast<double>(head.feature_count(batch_.lengths_B))}};
  }

  Forward forward(int64_t first, int64_t count, const nn::Context& context) override {
    const Tensor frames = ops::slice(batch_.frames_BFM, 0, first, first + count);
    const Tensor lengths = ops::contiguous(ops::slice(batch_.lengths_B, 0, first, first + count));
    const nn::SpeechStates states = setup_.model.speech.forward(frames, lengths, context.at("speech"));
    const nn::SpeechPredictionHead& head = setup_.model.speech_prediction;
    return {{head.frame_loss(states, frames, lengths).sum, head.feature_loss(states).sum}, {}};
  }
};

}  // namespace

std::unique_ptr<Stage> make_text_stage(const StageSetup& setup) { return std::make_unique<TextStage>(setup); }
std::unique_ptr<Stage> make_image_stage(const StageSetup& setup) { return std::make_unique<ImageStage>(setup); }
std::unique_ptr<Stage> make_speech_stage(const StageSetup& setup) { return std::make_unique<SpeechStage>(setup); }

}  // namespace triad::train
