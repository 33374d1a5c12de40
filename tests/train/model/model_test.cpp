#include "triad/train/model/model.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/nn/initialize.h"
#include "triad/ops/registry/comparison.h"
#include "triad/ops/shape/reshape.h"

namespace triad::train {
namespace {

Model small_model(double temperature = 0.07, nn::TextPooling pooling = nn::TextPooling::mean) {
  return Model({.shared_width = 12,
                .initial_temperature = temperature,
                .text = {.width = 8, .layers = 1, .heads = 2, .hidden = 16, .max_positions = 8, .pooling = pooling},
                .image = {.stem_channels = {8}, .width = 8, .layers = 1, .heads = 2, .hidden = 16},
                .speech = {.mels = 4, .channels = 8, .hidden = 8, .layers = 1},
                .fusion = {.layers = 1, .heads = 2, .hidden = 16}},
               {.vocabulary = 20, .answers = 3}, 2, {.seed = 1});
}

TEST(Model, TheTemperatureIsClamped) {
  Model model = small_model();
  EXPECT_NEAR(std::exp(-model.log_scale.value().item()), 0.07, 1e-6);
  const float highest = static_cast<float>(std::log(100.0));
  for (const auto& [value, expected] :
       {std::pair{-0.5f, 0.0f}, {0.0f, 0.0f}, {2.0f, 2.0f}, {highest, highest}, {9.0f, highest}}) {
    model.log_scale.assign("log_scale", full({}, static_cast<double>(value)));
    model.clamp_log_scale();
    EXPECT_EQ(static_cast<float>(model.log_scale.value().item()), expected) << value;
  }
  EXPECT_FALSE(model.log_scale.decays());
}

TEST(Model, AClampedTemperatureStaysWhereTheArenaPutIt) {
  Model model = small_model(1e-3);
  Tensor values = zeros({4}), gradients = zeros({4});
  const auto place = [](Tensor& buffer) { return Tensor(buffer.storage(), DType::f32, {}, {}, 2); };
  model.log_scale.relocate(place(values), place(gradients));
  model.clamp_log_scale();
  EXPECT_EQ(values.to_vector<float>()[2], static_cast<float>(std::log(100.0)));
}

TEST(Model, ATextIsPooledAsItsOptionsSay) {
  const Tensor hidden = nn::normal({2, 3, 8}, 1, {.seed = 4}), mask = full({2, 3}, 1, DType::boolean);
  const Model model = small_model(0.07, nn::TextPooling::cls);
  const Tensor first = model.text_projection.forward(ops::select(hidden, 1, 0));
  EXPECT_TRUE(ops::compare_bits(model.project_text(hidden, mask), first).passed);
  EXPECT_FALSE(ops::compare(small_model().project_text(hidden, mask), first, 1e-2).passed);
}

TEST(Model, EveryModalityComesOutInTheSharedSpaceWithLengthOne) {
  const Model model = small_model();
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const nn::Context context{.dtype = dtype};
    const Tensor mask = full({3, 4}, 1, DType::boolean);
    const Tensor all[] = {
        model.embed_text(full({3, 4}, 7, DType::i32), mask, context),
        model.embed_image(nn::normal({3, 3, 8, 8}, 1, {.seed = 2}), context),
        model.embed_speech(nn::normal({3, 9, 4}, 1, {.seed = 3}), from_values<int64_t>({9, 1, 5}, {3}), context)};
    for (const Tensor& embedding : all) {
      EXPECT_EQ(embedding.dtype(), DType::f32);
      ASSERT_EQ(embedding.shape(), (Shape{3, 12}));
      const std::vector<double> values = embedding.to_vector<double>();
      for (size_t row = 0; row < 3; ++row) {
        double squares = 0;
        for (size_t i = 0; i < 12; ++i) squares += values[row * 12 + i] * values[row * 12 + i];
        EXPECT_NEAR(squares, 1, 1e-5);
      }
    }
  }
}

}  // namespace
}  // namespace triad::train
