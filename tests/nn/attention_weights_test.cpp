#include <cmath>

#include <gtest/gtest.h>

#include "triad/nn/heads/answer.h"
#include "triad/nn/initialize.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/shape/reshape.h"

namespace triad::nn {
namespace {

constexpr int64_t kBatch = 2, kHeads = 2, kQueries = 3, kKeys = 5, kWidth = 4;

Tensor drawn(const Shape& shape, std::string_view site) {
  return normal(shape, 1, {.seed = 11, .site = random_site(site)});
}

Tensor key_mask() {
  return from_values<bool>({true, true, false, true, false, true, true, true, true, true}, {kBatch, kKeys});
}

void expect_near(const Tensor& a, const Tensor& b, double tolerance) {
  const std::vector<float> x = a.to_vector<float>(), y = b.to_vector<float>();
  ASSERT_EQ(x.size(), y.size());
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], tolerance) << i;
}

TEST(AttentionWeights, TimesTheValuesAreTheAttention) {
  const Tensor q = drawn({kBatch, kHeads, kQueries, kWidth}, "q"), k = drawn({kBatch, kHeads, kKeys, kWidth}, "k"),
               v = drawn({kBatch, kHeads, kKeys, kWidth}, "v");
  for (const Tensor& mask : {Tensor(), key_mask()})
    expect_near(ops::matmul(attention_weights(q, k, mask), v), ops::attention(q, k, v, mask), 1e-5);
}

TEST(AttentionWeights, OfTheCrossAttentionAreThoseOfItsForward) {
  const CrossAttention layer(8, 6, kHeads, 0, 0.5, 0.5, {.seed = 3});
  const Tensor x = drawn({kBatch, kQueries, 8}, "x"), memory = drawn({kBatch, kKeys, 6}, "memory");
  const Tensor values = ops::slice(layer.key_value.forward(memory), -1, 8, 16);
  const Tensor mixed = ops::matmul(layer.weights(x, {memory, key_mask()}), split_heads(values, kHeads));
  expect_near(layer.output.forward(join_heads(mixed)), layer.forward(x, {memory, key_mask()}, {}), 1e-5);
}

TEST(AttentionWeights, OfAnAnswerAreAboutTheFirstPositionOfTheLastBlock) {
  const TransformerOptions block{.width = 8, .heads = kHeads, .hidden = 16, .initial_stddev = 0.5};
  const AnswerHead head(block, 2, 6, 3, {.seed = 4});
  const Tensor question = drawn({kBatch, kQueries, 8}, "question"), image = drawn({kBatch, kKeys, 6}, "image");
  const Tensor mask = from_values<bool>({true, true, true, true, true, false}, {kBatch, kQueries});
  const std::vector<float> weights = head.attention(question, mask, {image}).to_vector<float>();
  ASSERT_EQ(weights.size(), static_cast<size_t>(kBatch * kKeys));

  const Tensor inner = head.layers[0]->forward(question, mask, {image}, {});
  const std::vector<float> all = head.layers[1]->cross_attention_weights(inner, mask, {image}).to_vector<float>();
  for (size_t b = 0; b < kBatch; ++b) {
    float sum = 0;
    for (size_t s = 0; s < kKeys; ++s) {
      const auto of_head = [&](size_t h) { return all[((b * kHeads + h) * kQueries + 0) * kKeys + s]; };
      EXPECT_NEAR(weights[b * kKeys + s], (of_head(0) + of_head(1)) / 2, 1e-6);
      sum += weights[b * kKeys + s];
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

}  // namespace
}  // namespace triad::nn
