#include "triad/nn/encoders/image_encoder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/registry/comparison.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

constexpr int64_t kBatch = 2, kRows = 4, kColumns = 6, kPatch = 4;
constexpr RandomKey kKey{.seed = 11};

/// Hidden and visible tokens side by side in both directions, the corners of both kinds.
Tensor checkered() {
  std::vector<uint8_t> visible;
  for (int64_t i = 0; i < kBatch * kRows * kColumns; ++i)
    visible.push_back((i / (kRows * kColumns) + i / kColumns % kRows / 2 + i % kColumns) % 3 != 0);
  Tensor mask = empty({kBatch, kRows, kColumns}, DType::boolean);
  std::copy(visible.begin(), visible.end(), mask.mutable_data<bool>());
  return mask;
}

Tensor pictures() { return normal({kBatch, 3, kRows * kPatch, kColumns * kPatch}, 1, kKey.at("pictures")); }

/// f(value, whether its token is visible) for every pixel, in order.
template <class F>
void each_pixel(std::span<float> pixels, const Tensor& visible, const F& f) {
  const std::vector<int64_t> seen = visible.to_vector<int64_t>();
  const int64_t height = kRows * kPatch, width = kColumns * kPatch;
  for (int64_t i = 0; i < std::ssize(pixels); ++i) {
    const int64_t x = i % width, y = i / width % height, b = i / (3 * height * width);
    f(pixels[static_cast<size_t>(i)], seen[static_cast<size_t>((b * kRows + y / kPatch) * kColumns + x / kPatch)] != 0);
  }
}

/// The pictures with another value in every hidden pixel.
Tensor with_hidden(float value) {
  Tensor images = pictures();
  each_pixel({images.mutable_data<float>(), static_cast<size_t>(images.numel())}, checkered(),
             [&](float& pixel, bool seen) {
               if (!seen) pixel = value;
             });
  return images;
}

void expect_only_visible_pixels_count(const Tensor& images, const Tensor& output) {
  backward(output, clone_as(normal(output.shape(), 1, kKey.at("cotangent")), output.dtype()));
  std::vector<float> gradient = grad(images).to_vector<float>();
  int64_t hidden = 0, leaks = 0, blind = 0;
  each_pixel(gradient, checkered(), [&](float g, bool seen) {
    hidden += !seen;
    leaks += !seen && g != 0;
    blind += seen && !(std::abs(g) > 0);
  });
  EXPECT_GT(hidden, 0);
  EXPECT_EQ(leaks, 0) << "derivatives with respect to hidden pixels that are not 0";
  EXPECT_EQ(blind, 0) << "visible pixels without influence";
}

ImageEncoderOptions small(int64_t layers) {
  return {.stem_channels = {8, 16}, .width = 24, .layers = layers, .heads = 2, .hidden = 48};
}

TEST(ConvStem, NothingOfHiddenPixelsGetsThrough) {
  const ConvStem stem(3, {8, 16}, 24, kKey);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Tensor images = requires_grad(pictures());
    expect_only_visible_pixels_count(
        images, stem.forward(dtype == DType::f32 ? images : ops::cast(images, dtype), checkered()));
  }
  const Tensor expected = stem.forward(pictures(), checkered());
  for (const float value :
       {0.0f, 1e30f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_TRUE(ops::compare_bits(stem.forward(with_hidden(value), checkered()), expected).passed) << value;
}

TEST(ConvStem, FeaturesOfHiddenTokensAreZeroAllTheWay) {
  ConvStem stem(3, {8, 16}, 24, kKey);
  const Tensor bias = normal({24}, 1, kKey.at("bias"));
  stem.projection.bias.assign("bias", bias);
  const std::vector<float> got = stem.forward(pictures(), checkered()).to_vector<float>(),
                           nothing = bias.to_vector<float>();
  const std::vector<int64_t> visible = checkered().to_vector<int64_t>();
  constexpr size_t kTokens = kRows * kColumns;
  for (size_t i = 0; i < got.size(); ++i) {
    const size_t channel = i / kTokens % 24, token = i / kTokens / 24 * kTokens + i % kTokens;
    EXPECT_EQ(got[i] == nothing[channel], visible[token] == 0) << i;
  }
}

TEST(ConvStem, WithoutAMaskEveryPixelCounts) {
  const ConvStem stem(3, {8, 16}, 24, kKey);
  const Tensor images = requires_grad(pictures());
  backward(stem.forward(images), normal({kBatch, 24, kRows, kColumns}, 1, kKey));
  for (const float g : grad(images).to_vector<float>()) EXPECT_NE(g, 0);
  const Tensor all = full({kBatch, kRows, kColumns}, 1, DType::boolean);
  EXPECT_TRUE(ops::compare(stem.forward(pictures(), all), stem.forward(pictures()), 1e-6).passed);
}

TEST(ConvStem, RefusesWhatThePatchDoesNotDivide) {
  const ConvStem stem(3, {8, 16}, 24, kKey);
  const auto message = [&](int64_t h, int64_t w) {
    return harness::message_of<ShapeError>([&] { stem.forward(zeros({1, 3, h, w})); });
  };
  EXPECT_EQ(message(16, 18),
            "ConvStem: images of 16×18 pixels, expected multiples of 4\n  hint: resize or pad the pictures when they "
            "are loaded");
  EXPECT_TRUE(message(3, 8).starts_with("ConvStem: images of 3×8"));
  EXPECT_TRUE(message(0, 8).starts_with("ConvStem: images of 0×8"));
  EXPECT_EQ(harness::message_of<ShapeError>([&] { stem.forward(pictures(), zeros({kBatch, 2, 2}, DType::boolean)); }),
            "ConvStem: visible has shape [2, 2, 2], expected [2, 4, 6]");
}

TEST(ImageEncoder, NoTokenKnowsAHiddenPixel) {
  for (const int64_t layers : {0, 2}) {  // 0: the tokens before attention
    const ImageEncoder encoder(small(layers), kKey);
    const Tensor images = requires_grad(pictures());
    const Tensor output = encoder.forward(images, {}, checkered());
    expect_only_visible_pixels_count(images, output);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(ops::compare_bits(encoder.forward(with_hidden(nan), {}, checkered()), output).passed);
  }
}

TEST(ImageEncoder, GradientsOfItsWeightsDoNotKnowHiddenPixels) {
  const auto gradients = [](float hidden) {
    ImageEncoder encoder(small(1), kKey);
    const Tensor output = encoder.forward(with_hidden(hidden), {}, checkered());
    backward(output, normal(output.shape(), 1, kKey));
    std::vector<Tensor> all;
    for (const NamedParameter& p : parameters_of(encoder)) all.push_back(grad(p.parameter->value()));
    return all;
  };
  const std::vector<Tensor> expected = gradients(0), got = gradients(std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(ops::compare_bits(got[i], expected[i]).passed) << i;
}

TEST(ImageEncoder, HiddenTokensAreTheMaskTokenAtTheirPlace) {
  ImageEncoder encoder(small(0), kKey);
  const Tensor token = normal({24}, 1, kKey);
  encoder.mask_token.assign("mask_token", token);
  const std::vector<double> got = encoder.forward(pictures(), {}, checkered()).to_vector<double>();
  const std::vector<double> expected =
      encoder.norm.forward(token + sincos_positions_2d(kRows, kColumns, 24)).to_vector<double>();
  const std::vector<int64_t> visible = checkered().to_vector<int64_t>();
  for (size_t token_at = 0; token_at < visible.size(); ++token_at) {
    double difference = 0;
    for (size_t c = 0; c < 24; ++c)
      difference += std::abs(got[token_at * 24 + c] - expected[token_at % (kRows * kColumns) * 24 + c]);
    if (visible[token_at]) {
      EXPECT_GT(difference, 0.1) << token_at;
    } else {
      EXPECT_LT(difference, 1e-5) << token_at;
    }
  }
}

TEST(ImageEncoder, TheSameWeightsTakeAnySize) {
  const ImageEncoder encoder(small(2), kKey);
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{16, 16}, {24, 24}, {32, 32}, {16, 32}, {20, 4}, {4, 4}}) {
    const Tensor images = normal({1, 3, h, w}, 1, kKey);
    const Tensor tokens = encoder.forward(images, {});
    EXPECT_EQ(tokens.shape(), (Shape{1, h * w / 16, 24}));
    for (const float v : tokens.to_vector<float>()) ASSERT_TRUE(std::isfinite(v)) << h << "×" << w;
    if (h == w) continue;
    // The other way round is another picture: rows and columns are told apart.
    const Tensor turned = encoder.forward(ops::contiguous(ops::transpose(images, 2, 3)), {});
    const Tensor turned_back =
        ops::reshape(ops::transpose(ops::reshape(turned, {1, w / 4, h / 4, 24}), 1, 2), tokens.shape());
    EXPECT_FALSE(ops::compare(turned_back, tokens, 0.01).passed) << h << "×" << w;
  }
}

TEST(SinCosPositions, AreTheFormula) {
  constexpr int64_t kHeight = 3, kWidth = 5, kChannels = 12;
  const Tensor table = sincos_positions_2d(kHeight, kWidth, kChannels);
  ASSERT_EQ(table.shape(), (Shape{kHeight * kWidth, kChannels}));
  const std::vector<double> values = table.to_vector<double>();
  // Per axis three frequencies: 1, 10000^(-1/3), 10000^(-2/3).
  const double frequencies[] = {1, 1 / 21.544346900318837, 1 / 464.15888336127784};
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const double* token = &values[static_cast<size_t>((y * kWidth + x) * kChannels)];
      for (int i = 0; i < 3; ++i) {
        const double row = static_cast<double>(y) * frequencies[i], column = static_cast<double>(x) * frequencies[i];
        EXPECT_NEAR(token[i], std::sin(row), 1e-6);
        EXPECT_NEAR(token[3 + i], std::cos(row), 1e-6);
        EXPECT_NEAR(token[6 + i], std::sin(column), 1e-6);
        EXPECT_NEAR(token[9 + i], std::cos(column), 1e-6);
      }
    }
  }
}

TEST(SinCosPositions, APlaceIsTheSameInEveryGrid) {
  const std::vector<float> small = sincos_positions_2d(4, 6, 8).to_vector<float>();
  const std::vector<float> large = sincos_positions_2d(8, 12, 8).to_vector<float>();
  for (size_t y = 0; y < 4; ++y) {
    for (size_t i = 0; i < 6 * 8; ++i) EXPECT_EQ(small[y * 6 * 8 + i], large[y * 12 * 8 + i]);
  }
}

TEST(SinCosPositions, RefuseAWidthThatFourDoesNotDivide) {
  EXPECT_EQ(harness::message_of<ShapeError>([] { sincos_positions_2d(2, 2, 6); }),
            "sincos_positions_2d: width 6, expected a multiple of 4");
}

TEST(ImageEncoder, WithoutResidualGainItsBodyBeginsAsTheIdentity) {
  const Tensor tokens = normal({2, 5, 16}, 1, kKey.at("tokens"));
  ImageEncoderOptions options{.stem_channels = {8}, .width = 16, .layers = 2, .heads = 2, .hidden = 32};
  options.initial_stddev = 0.5;
  const ImageEncoder mixing(options, kKey);
  EXPECT_FALSE(ops::compare(mixing.body(tokens, {}), mixing.norm.forward(tokens), 0.1).passed);
  options.residual_gain = 0;
  const ImageEncoder identity(options, kKey);
  EXPECT_TRUE(ops::compare(identity.body(tokens, {}), identity.norm.forward(tokens), 1e-6).passed);
}

}  // namespace
}  // namespace triad::nn
