#include "triad/bench/steps/image_step.h"

#include <cmath>

#include "triad/bench/steps/random_batch.h"
#include "triad/nn/initialize.h"
#include "triad/ops/activation/gelu.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/reshape.h"

namespace triad::bench {
namespace {

constexpr double kInitialStddev = 0.02;
constexpr double kNormEps = 1e-6;

}  // namespace

ImageTower::ImageTower(const ImageStepOptions& o, RandomKey key) : options_(o), norm_(o.width, kNormEps) {
  const auto convolution = [&](int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, bool bias) {
    const double stddev = 1 / std::sqrt(static_cast<double>(in * kernel * kernel));
    const RandomKey place = key.at("convolutions").at(static_cast<uint32_t>(convolutions_.size()));
    convolutions_.push_back(std::make_unique<nn::Conv2d>(
        nn::normal({out, in, kernel, kernel}, stddev, place),
        ops::Conv2dOptions{.stride = {stride, stride}, .padding = {padding, padding}}, bias));
  };
  if (o.patch > 0) {
    convolution(3, o.width, o.patch, o.patch, 0, /*bias=*/true);
  } else {
    int64_t in = 3;
    for (const int64_t out : {o.width / 4, o.width / 2, o.width}) {
      convolution(in, out, 3, 2, 1, /*bias=*/false);
      norms_.push_back(std::make_unique<nn::GroupNorm>(out, /*groups=*/8));
      in = out;
    }
    convolution(o.width, o.width, 1, 1, 0, /*bias=*/true);
  }
  const nn::TransformerOptions block{.width = o.width,
                                     .heads = o.heads,
                                     .hidden = 4 * o.width,
                                     .order = nn::NormOrder::pre,
                                     .norm_eps = kNormEps,
                                     .dropout = o.dropout,
                                     .attention_dropout = o.dropout,
                                     .initial_stddev = kInitialStddev};
  for (int64_t i = 0; i < o.layers; ++i)
    layers_.push_back(std::make_unique<nn::TransformerBlock>(block, key.at("layers").at(static_cast<uint32_t>(i))));
}

void ImageTower::visit(const nn::Visitor& visitor) {
  visitor("convolutions", convolutions_);
  visitor("norms", norms_);
  visitor("layers", layers_);
  visitor("norm", norm_);
}

Tensor ImageTower::forward(const Tensor& images_BCHW, const Tensor& positions, const nn::Context& context) const {
  Tensor grid = ops::cast(images_BCHW, context.dtype);
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    grid = convolutions_[i]->forward(grid);
    if (i < norms_.size()) grid = ops::gelu(norms_[i]->forward(grid));
  }
  Tensor x_BTC = ops::transpose(ops::flatten(grid, 2, 3), 1, 2) + ops::cast(positions, context.dtype);
  for (size_t i = 0; i < layers_.size(); ++i) x_BTC = layers_[i]->forward(x_BTC, {}, context.at(str("layers.", i)));
  return ops::mean(norm_.forward(x_BTC), {1});
}

int64_t ImageTower::grid() const { return options_.side / (options_.patch > 0 ? options_.patch : 8); }

double ImageTower::flops(int64_t batch) const {
  double first = 0, later = 0;  // convolutions
  int64_t side = options_.side;
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    const Shape& weight = convolutions_[i]->weight.shape();
    if (options_.patch > 0) side /= options_.patch;
    else if (i < norms_.size()) side /= 2;
    (i == 0 ? first : later) += product_flops(batch * side * side, weight[1] * weight[2] * weight[3], weight[0]);
  }
  return 2 * first + 3 * (later + block_flops(options_.layers, batch, side * side, options_.width));
}

ImageBatch::ImageBatch(const ImageStepOptions& o, int64_t grid, RandomKey key)
    : images_BCHW(nn::normal({o.batch, 3, o.side, o.side}, 1, key.at("images"))),
      positions(nn::normal({1, grid * grid, o.width}, kInitialStddev, key.at("positions"))) {}

ImageStep::ImageStep(const ImageStepOptions& o, RandomKey key)
    : options_(o),
      tower_(o, key.at("tower")),
      classifier_(nn::truncated_normal({o.classes, o.width}, kInitialStddev, key.at("classifier"))),
      pictures_(o, tower_.grid(), key.at("pictures")),
      labels_(random_ids({o.batch}, 0, o.classes, key.at("labels"))) {}

void ImageStep::visit(const nn::Visitor& visitor) {
  visitor("tower", tower_);
  visitor("classifier", classifier_);
}

Tensor ImageStep::loss(const nn::Context& context) const {
  const Tensor features = tower_.forward(pictures_.images_BCHW, pictures_.positions, context);
  return ops::cross_entropy(classifier_.forward(features), labels_);
}

std::vector<NamedTensor> ImageStep::batch() const {
  return {{"images", pictures_.images_BCHW}, {"positions", pictures_.positions}, {"labels", labels_}};
}

double ImageStep::flops() const {
  return tower_.flops(options_.batch) + 3 * product_flops(options_.batch, options_.width, options_.classes);
}

}  // namespace triad::bench
