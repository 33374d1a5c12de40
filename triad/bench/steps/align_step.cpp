#include "triad/bench/steps/align_step.h"

#include <cmath>
#include <numeric>

#include "triad/bench/steps/text_step.h"
#include "triad/ops/contrastive/info_nce.h"
#include "triad/ops/shape/reshape.h"

namespace triad::bench {
namespace {

constexpr int64_t kPairs = 64, kSharedWidth = 128;
constexpr double kTemperature = 0.07;

ImageStepOptions image_options(double dropout) { return {.batch = kPairs, .dropout = dropout}; }
TextStepOptions text_options(double dropout) { return {.batch = kPairs, .positions = 32, .dropout = dropout}; }

}  // namespace

AlignStep::AlignStep(double dropout, RandomKey key)
    : image_(image_options(dropout), key.at("image")),
      text_(text_encoder_options(text_options(dropout)), key.at("text")),
      image_projection_(image_options(0).width, kSharedWidth, key.at("image_projection")),
      text_projection_(text_options(0).width, kSharedWidth, key.at("text_projection")),
      log_scale_(full({}, -std::log(kTemperature)), /*decays=*/false),
      pictures_(image_options(0), image_.grid(), key.at("pictures")),
      texts_(random_texts(kPairs, text_options(0).positions, text_options(0).vocabulary, key.at("texts"))),
      identities_(empty({kPairs}, DType::i64)) {
  std::iota(identities_.mutable_data<int64_t>(), identities_.mutable_data<int64_t>() + kPairs, int64_t{0});
}

void AlignStep::visit(const nn::Visitor& visitor) {
  visitor("image", image_);
  visitor("text", text_);
  visitor("image_projection", image_projection_);
  visitor("text_projection", text_projection_);
  visitor("log_scale", log_scale_);
}

Tensor AlignStep::loss(const nn::Context& context) const {
  const Tensor pictures = image_.forward(pictures_.images_BCHW, pictures_.positions, context.at("image"));
  const Tensor texts = ops::select(text_.forward(texts_.ids_BT, texts_.seen_BT, context.at("text")), 1, 0);
  return ops::info_nce(image_projection_.forward(pictures), text_projection_.forward(texts), identities_, identities_,
                       log_scale_.value());
}

std::vector<NamedTensor> AlignStep::batch() const {
  return {{"images", pictures_.images_BCHW},
          {"positions", pictures_.positions},
          {"ids", texts_.ids_BT},
          {"seen", texts_.seen_BT}};
}

double AlignStep::flops() const {
  const TextStepOptions text = text_options(0);
  const double projections = product_flops(kPairs, image_options(0).width + text.width, kSharedWidth);
  const double similarities = product_flops(kPairs, kSharedWidth, kPairs);
  return image_.flops(kPairs) +
         3 * (block_flops(text.layers, kPairs, text.positions, text.width) + projections + similarities);
}

}  // namespace triad::bench
