#include "triad/nn/heads/masked_image.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/loss/l1.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {

MaskedImageHead::MaskedImageHead(int64_t width, int64_t patch, int64_t image_channels, double initial_stddev,
                                 RandomKey key)
    : pixels(truncated_normal({patch * patch * image_channels, width}, initial_stddev, key.at("pixels"))) {}

void MaskedImageHead::visit(const Visitor& visitor) { visitor("pixels", pixels); }

Tensor patchify(const Tensor& images_BCHW, int64_t patch) {
  const int64_t b = images_BCHW.size(0), c = images_BCHW.size(1), h = images_BCHW.size(2) / patch,
                w = images_BCHW.size(3) / patch;
  const Tensor cut = ops::reshape(images_BCHW, {b, c, h, patch, w, patch});
  return ops::reshape(ops::permute(cut, {0, 2, 4, 3, 5, 1}), {b, h * w, patch * patch * c});
}

Tensor masked_image_loss(const Tensor& predicted, const Tensor& images_BCHW, const Tensor& visible_Bhw) {
  const int64_t b = predicted.size(0), t = predicted.size(1);
  const int64_t patch = images_BCHW.size(2) / visible_Bhw.size(1);
  const Tensor hidden = ops::cast(ops::logical_not(ops::reshape(visible_Bhw, {b, t, 1})), DType::f32);
  return ops::l1_loss(ops::cast(predicted, DType::f32), patchify(images_BCHW, patch), ops::Reduction::sum, hidden);
}

std::vector<bool> draw_visible_tokens(int64_t h, int64_t w, double ratio, RandomKey key) {
  constexpr int64_t kBlock = 2;
  require<ValueError>(ratio > 0 && ratio < 1, "draw_visible_tokens", "ratio is ", ratio,
                      ", expected one between 0 and 1");
  const int64_t rows = (h + kBlock - 1) / kBlock, columns = (w + kBlock - 1) / kBlock, blocks = rows * columns;
  require<ShapeError>(blocks >= 2, "draw_visible_tokens", "a grid of ", h, "×", w,
                      " tokens is too small to hide a part of");
  std::vector<int64_t> order(static_cast<size_t>(blocks));
  std::iota(order.begin(), order.end(), 0);
  RandomStream(key).shuffle(order);
  const int64_t hidden = std::clamp<int64_t>(std::llround(ratio * static_cast<double>(blocks)), 1, blocks - 1);
  std::vector<bool> visible(static_cast<size_t>(h * w), true);
  for (int64_t i = 0; i < hidden; ++i) {
    const int64_t block = order[static_cast<size_t>(i)], top = block / columns * kBlock,
                  left = block % columns * kBlock;
    for (int64_t y = top; y < std::min(top + kBlock, h); ++y) {
      for (int64_t x = left; x < std::min(left + kBlock, w); ++x) visible[static_cast<size_t>(y * w + x)] = false;
    }
  }
  return visible;
}

}  // namespace triad::nn
