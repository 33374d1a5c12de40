#include "triad/nn/encoders/image_encoder.h"

#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

constexpr int64_t kChannelsPerGroup = 8;

TransformerOptions block_options(const ImageEncoderOptions& o) {
  return {.width = o.width,
          .heads = o.heads,
          .hidden = o.hidden,
          .order = NormOrder::pre,
          .norm_eps = o.norm_eps,
          .dropout = o.dropout,
          .attention_dropout = o.dropout,
          .initial_stddev = o.initial_stddev,
          .residual_gain = o.residual_gain};
}

/// bool [B, h, w] → bool [B, h * scale, w * scale], every entry repeated.
Tensor upsample(const Tensor& mask_Bhw, int64_t scale) {
  const int64_t b = mask_Bhw.size(0), h = mask_Bhw.size(1), w = mask_Bhw.size(2);
  const Tensor repeated = ops::expand(ops::reshape(mask_Bhw, {b, h, 1, w, 1}), {b, h, scale, w, scale});
  return ops::reshape(repeated, {b, h * scale, w * scale});
}

Tensor hide(const Tensor& x_BCHW, const Tensor& visible_BHW) {
  return ops::where(ops::unsqueeze(visible_BHW, 1), x_BCHW, zeros({}, x_BCHW.dtype(), x_BCHW.device()));
}

}  // namespace

ConvStem::ConvStem(int64_t image_channels, const std::vector<int64_t>& channels, int64_t width, RandomKey key)
    : projection(normal({width, channels.empty() ? image_channels : channels.back(), 1, 1},
                        std::sqrt(1.0 / static_cast<double>(width)), key.at("projection")),
                 {}) {
  int64_t inputs = image_channels;
  for (size_t i = 0; i < channels.size(); ++i) {
    const double stddev = std::sqrt(2.0 / static_cast<double>(9 * channels[i]));
    convolutions.push_back(std::make_unique<Conv2d>(
        normal({channels[i], inputs, 3, 3}, stddev, key.at("convolutions").at(static_cast<uint32_t>(i))),
        ops::Conv2dOptions{.stride = {2, 2}, .padding = {1, 1}}, /*with_bias=*/false));
    norms.push_back(std::make_unique<GroupNorm>(channels[i], std::max<int64_t>(1, channels[i] / kChannelsPerGroup)));
    inputs = channels[i];
  }
}

void ConvStem::visit(const Visitor& visitor) {
  visitor("convolutions", convolutions);
  visitor("norms", norms);
  visitor("projection", projection);
}

Tensor ConvStem::forward(const Tensor& images_BCHW, const Tensor& visible_Bhw) const {
  check_rank("ConvStem", "images", images_BCHW, 4);
  const int64_t h = images_BCHW.size(2), w = images_BCHW.size(3);
  require<ShapeError>(h > 0 && w > 0 && h % patch() == 0 && w % patch() == 0, "ConvStem", "images of ", h, "×", w,
                      " pixels, expected multiples of ", patch(),
                      Hint{"resize or pad the pictures when they are loaded"});
  if (visible_Bhw.defined())
    check_shape("ConvStem", "visible", visible_Bhw, {images_BCHW.size(0), h / patch(), w / patch()});
  int64_t scale = patch();
  Tensor x = visible_Bhw.defined() ? hide(images_BCHW, upsample(visible_Bhw, scale)) : images_BCHW;
  for (size_t i = 0; i < convolutions.size(); ++i) {
    scale /= 2;
    const Tensor visible = visible_Bhw.defined() ? upsample(visible_Bhw, scale) : Tensor();
    x = ops::relu(norms[i]->forward(convolutions[i]->forward(x), visible));
  }
  return projection.forward(x);
}

ImageEncoder::ImageEncoder(const ImageEncoderOptions& o, RandomKey key)
    : stem(o.image_channels, o.stem_channels, o.width, key.at("stem")),
      mask_token(truncated_normal({o.width}, o.initial_stddev, key.at("mask_token")), /*decays=*/false),
      norm(o.width, o.norm_eps),
      options_(o) {
  for (int64_t i = 0; i < o.layers; ++i)
    layers.push_back(
        std::make_unique<TransformerBlock>(block_options(o), key.at("layers").at(static_cast<uint32_t>(i))));
}

void ImageEncoder::visit(const Visitor& visitor) {
  visitor("stem", stem);
  visitor("mask_token", mask_token);
  visitor("layers", layers);
  visitor("norm", norm);
}

Tensor ImageEncoder::forward(const Tensor& images_BCHW, const Context& context, const Tensor& visible_Bhw) const {
  const Tensor grid_BChw = stem.forward(ops::cast(images_BCHW, context.dtype), visible_Bhw);
  const int64_t b = grid_BChw.size(0), c = grid_BChw.size(1), h = grid_BChw.size(2), w = grid_BChw.size(3);
  Tensor tokens = ops::transpose(ops::reshape(grid_BChw, {b, c, h * w}), 1, 2);
  if (visible_Bhw.defined())
    tokens = ops::where(ops::reshape(visible_Bhw, {b, h * w, 1}), tokens, mask_token.as(context.dtype));
  return body(tokens + ops::cast(sincos_positions_2d(h, w, c), context.dtype), context);
}

Tensor ImageEncoder::body(const Tensor& tokens_BTC, const Context& context) const {
  Tensor x = tokens_BTC;
  for (size_t i = 0; i < layers.size(); ++i) x = layers[i]->forward(x, {}, context.at(str("layers.", i)));
  return norm.forward(x);
}

Tensor sincos_positions_2d(int64_t h, int64_t w, int64_t width) {
  require<ShapeError>(width % 4 == 0, "sincos_positions_2d", "width ", width, ", expected a multiple of 4");
  Tensor table = empty({h * w, width});
  float* out = table.mutable_data<float>();
  const int64_t frequencies = width / 4;
  for (int64_t row = 0; row < h; ++row) {
    for (int64_t column = 0; column < w; ++column) {
      for (const int64_t position : {row, column}) {
        for (int64_t i = 0; i < frequencies; ++i) {
          const double angle = static_cast<double>(position) *
                               std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(frequencies));
          out[i] = static_cast<float>(std::sin(angle));
          out[frequencies + i] = static_cast<float>(std::cos(angle));
        }
        out += 2 * frequencies;
      }
    }
  }
  return table;
}

}  // namespace triad::nn
