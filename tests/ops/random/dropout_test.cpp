#include "triad/ops/random/dropout.h"

#include <gtest/gtest.h>

#include "triad/core/tensor/views.h"
#include "triad/ops/registry/comparison.h"

namespace triad::ops {
namespace {

constexpr RandomKey kKey{.seed = 3, .step = 14, .site = 15, .sample = 92};

TEST(Dropout, TheMaskDoesNotDependOnHowTheBatchIsCut) {
  const Tensor x = full({7, 3, 50}, 1);
  const Tensor whole = dropout(x, 0.3, kKey);
  for (const int64_t cut : {1, 4, 6}) {
    const Tensor front = dropout(views::slice(x, 0, 0, cut), 0.3, kKey);
    const auto first = static_cast<uint32_t>(kKey.sample + cut);
    const Tensor rest = dropout(views::slice(x, 0, cut, 7), 0.3, kKey.for_sample(first));
    EXPECT_TRUE(ops::compare_bits(front, views::slice(whole, 0, 0, cut)).passed) << cut;
    EXPECT_TRUE(ops::compare_bits(rest, views::slice(whole, 0, cut, 7)).passed) << cut;
  }
}

TEST(Dropout, KeepsTheRightShareAndTheMean) {
  constexpr int64_t kElements = 1 << 20;
  for (const double p : {0.1, 0.5, 0.9}) {
    const std::vector<float> y = dropout(full({16, kElements / 16}, 1), p, kKey).to_vector<float>();
    double dropped = 0, sum = 0;
    for (const float v : y) {
      dropped += v == 0;
      sum += v;
    }
    EXPECT_NEAR(dropped / kElements, p, 0.003) << p;  // 6 standard deviations
    EXPECT_NEAR(sum / kElements, 1, 0.003 / (1 - p)) << p;
  }
}

TEST(Dropout, OtherStepsSitesAndSeedsGiveOtherMasks) {
  const Tensor x = full({1, 4096}, 1);
  const std::vector<float> mask = dropout(x, 0.5, kKey).to_vector<float>();
  RandomKey step = kKey, site = kKey, seed = kKey, sample = kKey;
  ++step.step, ++site.site, ++seed.seed, ++sample.sample;
  for (const RandomKey& key : {step, site, seed, sample}) {
    const std::vector<float> other = dropout(x, 0.5, key).to_vector<float>();
    int64_t equal = 0;
    for (size_t i = 0; i < mask.size(); ++i) equal += mask[i] == other[i];
    EXPECT_NEAR(static_cast<double>(equal) / 4096, 0.5, 0.05);
  }
}

TEST(Dropout, NothingToDropIsTheSameTensor) {
  const Tensor x = full({3, 2}, 1);
  EXPECT_TRUE(dropout(x, 0, kKey).is_same(x));
}

}  // namespace
}  // namespace triad::ops
