#include "triad/nn/layers/transformer.h"

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/tensor/views.h"
#include "triad/nn/initialize.h"
#include "triad/ops/registry/comparison.h"
#include "triad/ops/shape/concat.h"

namespace triad::nn {
namespace {

constexpr int64_t kBatch = 3, kTime = 6, kWidth = 16;
constexpr RandomKey kKey{.seed = 2, .step = 5, .site = 1, .sample = 40};

TransformerOptions options(NormOrder order, double dropout, double attention_dropout) {
  return {.width = kWidth,
          .heads = 2,
          .hidden = 32,
          .order = order,
          .dropout = dropout,
          .attention_dropout = attention_dropout,
          .initial_stddev = 0.3};
}

Tensor states() { return normal({kBatch, kTime, kWidth}, 1, {.seed = 8}); }

Tensor row(const Tensor& t, int64_t b) { return views::slice(t.detach(), 0, b, b + 1); }

/// Each kind of dropout alone, in both orders of norms.
class DropoutOfABlock : public testing::TestWithParam<std::tuple<NormOrder, double, double>> {
 protected:
  Tensor run(const Tensor& x, const Context& context) const { return block_.forward(x, {}, context); }

  TransformerBlock block_{std::apply(options, GetParam()), {.seed = 1}};
};

TEST_P(DropoutOfABlock, TheSameKeyDropsTheSame) {
  const Context training{.training = true, .key = kKey};
  const Tensor once = run(states(), training);
  EXPECT_TRUE(ops::compare_bits(run(states(), training), once).passed);
  EXPECT_FALSE(ops::compare(run(states(), {.key = kKey}), once, 0.01).passed) << "nothing is dropped in training";
  EXPECT_TRUE(ops::compare_bits(run(states(), {.key = kKey}), run(states(), {})).passed)
      << "dropped outside of training";
  RandomKey step = kKey, seed = kKey, site = kKey;
  ++step.step, ++seed.seed, ++site.site;
  for (const RandomKey& other : {step, seed, site})
    EXPECT_FALSE(ops::compare(run(states(), {.training = true, .key = other}), once, 0.01).passed);
}

TEST_P(DropoutOfABlock, EverySampleHasItsOwnMaskWhereverTheBatchIsCut) {
  Tensor same = empty({kBatch, kTime, kWidth});
  for (int64_t b = 0; b < kBatch; ++b) {
    Tensor place = views::slice(same, 0, b, b + 1);
    copy_into(place, row(states(), 0));
  }
  const Tensor together = run(same, {.training = true, .key = kKey});
  for (int64_t b = 0; b < kBatch; ++b) {
    const auto sample = static_cast<uint32_t>(kKey.sample + b);
    const Tensor alone = run(row(same, b), {.training = true, .key = kKey.for_sample(sample)});
    EXPECT_TRUE(ops::compare(alone, row(together, b), 1e-6).passed) << b;
    if (b > 0) {
      EXPECT_FALSE(ops::compare(row(together, b), row(together, 0), 0.01).passed) << b;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, DropoutOfABlock,
                         testing::Combine(testing::Values(NormOrder::post, NormOrder::pre), testing::Values(0.2),
                                          testing::Values(0.0)));
INSTANTIATE_TEST_SUITE_P(OfWeights, DropoutOfABlock,
                         testing::Combine(testing::Values(NormOrder::post, NormOrder::pre), testing::Values(0.0),
                                          testing::Values(0.2)));

TEST(TransformerBlock, MaskedPositionsAreNotSeen) {
  const TransformerBlock block(options(NormOrder::pre, 0, 0), {.seed = 1});
  const Tensor mask = from_values<bool>({true, true, true, true, false, false}, {1, kTime});
  const Tensor x = normal({1, kTime, kWidth}, 1, {.seed = 8});
  Tensor other = clone(x);
  std::fill_n(other.mutable_data<float>() + 4 * kWidth, 2 * kWidth, 7.0f);
  const auto seen = [&](const Tensor& in, const Tensor& key_mask) {
    return views::slice(block.forward(in, key_mask, {}).detach(), 1, 0, 4);
  };
  EXPECT_TRUE(ops::compare_bits(seen(other, mask), seen(x, mask)).passed);
  EXPECT_FALSE(ops::compare(seen(other, {}), seen(x, {}), 1e-3).passed);
}

TEST(FusionBlock, ReadsTheMemoryThatIsNotMasked) {
  const FusionBlock block(options(NormOrder::pre, 0, 0), 5, {.seed = 1});
  const auto run = [&](float last, const Tensor& memory_mask) {
    Tensor memory = normal({kBatch, 4, 5}, 1, {.seed = 9});
    for (int64_t b = 0; b < kBatch; ++b) std::fill_n(memory.mutable_data<float>() + (b * 4 + 3) * 5, 5, last);
    return block.forward(states(), {}, {memory, memory_mask}, {});
  };
  Tensor mask = full({kBatch, 4}, 1, DType::boolean);
  for (int64_t b = 0; b < kBatch; ++b) mask.mutable_data<bool>()[b * 4 + 3] = false;
  EXPECT_TRUE(ops::compare_bits(run(1, mask), run(2, mask)).passed);
  EXPECT_FALSE(ops::compare(run(1, {}), run(2, {}), 1e-3).passed);
  EXPECT_EQ(harness::message_of<ValueError>([] { FusionBlock(options(NormOrder::post, 0, 0), 5, {}); }),
            "FusionBlock: only the pre-norm order exists");
}

TEST(FusionBlock, SeveralSequencesReadOneOfTheMemory) {
  const FusionBlock block(options(NormOrder::pre, 0, 0), 5, {.seed = 1});
  const std::vector<int64_t> rows = {2, 0, 2};
  ASSERT_EQ(std::ssize(rows), kBatch);
  Tensor memory = normal({3, 4, 5}, 1, {.seed = 9}), mask = full({3, 4}, 1, DType::boolean);
  for (const int64_t hidden : {3, 8, 9}) mask.mutable_data<bool>()[hidden] = false;
  std::vector<Tensor> values, masks;
  for (const int64_t row : rows) {
    values.push_back(views::slice(memory, 0, row, row + 1));
    masks.push_back(views::slice(mask, 0, row, row + 1));
  }
  const Tensor shared = block.forward(states(), {}, {memory, mask, from_values(rows, {kBatch})}, {});
  const Tensor own = block.forward(states(), {}, {ops::concat(values, 0), ops::concat(masks, 0)}, {});
  const ops::Comparison same = ops::compare(shared, own, 1e-6);
  EXPECT_TRUE(same.passed) << same.message;
}

}  // namespace
}  // namespace triad::nn
