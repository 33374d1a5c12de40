#include "triad/train/model/model.h"

#include <algorithm>
#include <cmath>

#include "triad/ops/elementwise/cast.h"

namespace triad::train {
namespace {

nn::TextEncoderOptions with_vocabulary(nn::TextEncoderOptions options, int64_t vocabulary) {
  options.vocabulary = vocabulary;
  return options;
}

}  // namespace

Model::Model(const ModelOptions& o, const ModelSizes& sizes, int64_t speech_distances, RandomKey key)
    : log_scale(full({}, std::log(1 / o.initial_temperature)), /*decays=*/false),
      text(with_vocabulary(o.text, sizes.vocabulary), key.at("text")),
      image(o.image, key.at("image")),
      speech(o.speech, key.at("speech")),
      image_pool(o.image.width, o.image.heads, o.image.initial_stddev, key.at("image_pool")),
      speech_pool(speech.output_width(), kSpeechPoolHeads, 0.02, key.at("speech_pool")),
      text_projection(o.text.width, o.shared_width, key.at("text_projection")),
      image_projection(o.image.width, o.shared_width, key.at("image_projection")),
      speech_projection(speech.output_width(), o.shared_width, key.at("speech_projection")),
      masked_lm(o.text.width, sizes.vocabulary, o.text.norm_eps, o.text.initial_stddev, key.at("masked_lm")),
      masked_image(o.image.width, image.stem.patch(), o.image.image_channels, o.image.initial_stddev,
                   key.at("masked_image")),
      speech_prediction(speech, speech_distances, 0.02, key.at("speech_prediction")) {
  if (sizes.answers > 0) {
    const nn::TransformerOptions block{.width = o.text.width,
                                       .heads = o.fusion.heads,
                                       .hidden = o.fusion.hidden,
                                       .dropout = o.fusion.dropout,
                                       .attention_dropout = o.fusion.dropout,
                                       .initial_stddev = o.text.initial_stddev};
    answer = std::make_unique<nn::AnswerHead>(block, o.fusion.layers, o.image.width, sizes.answers, key.at("answer"));
  }
}

void Model::visit(const nn::Visitor& visitor) {
  visitor("log_scale", log_scale);
  visitor("text", text);
  visitor("image", image);
  visitor("speech", speech);
  visitor("image_pool", image_pool);
  visitor("speech_pool", speech_pool);
  visitor("text_projection", text_projection);
  visitor("image_projection", image_projection);
  visitor("speech_projection", speech_projection);
  visitor("masked_lm", masked_lm);
  visitor("masked_image", masked_image);
  visitor("speech_prediction", speech_prediction);
  if (answer) visitor("answer", *answer);
}

Tensor Model::embed_text(const Tensor& ids_BT, const Tensor& mask_BT, const nn::Context& context) const {
  return project_text(text.forward(ids_BT, mask_BT, context.at("text")), mask_BT);
}

Tensor Model::embed_image(const Tensor& images_BCHW, const nn::Context& context) const {
  return project_image(image.forward(images_BCHW, context.at("image")));
}

Tensor Model::embed_speech(const Tensor& frames_BFM, const Tensor& lengths_B, const nn::Context& context) const {
  return project_speech(speech.forward(frames_BFM, lengths_B, context.at("speech")));
}

Tensor Model::project_text(const Tensor& hidden_BTC, const Tensor& mask_BT) const {
  return text_projection.forward(text.pool(hidden_BTC, mask_BT));
}

Tensor Model::project_image(const Tensor& tokens_BTC) const {
  return image_projection.forward(image_pool.forward(tokens_BTC, {}));
}

Tensor Model::project_speech(const nn::SpeechStates& states) const {
  return speech_projection.forward(speech_pool.forward(states.joined(), states.mask_BT));
}

Tensor Model::pool_image(const Tensor& tokens_BTC) const {
  return ops::cast(image_pool.forward(tokens_BTC, {}), DType::f32);
}

Tensor Model::pool_speech(const nn::SpeechStates& states) const {
  return ops::cast(speech_pool.forward(states.joined(), states.mask_BT), DType::f32);
}

void Model::clamp_log_scale() {
  const double value = std::clamp(log_scale.value().item(), 0.0, std::log(100.0));
  if (value != log_scale.value().item()) log_scale.assign("log_scale", full({}, value));
}

}  // namespace triad::train
