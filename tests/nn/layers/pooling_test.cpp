#include "triad/nn/layers/pooling.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/nn/initialize.h"
#include "triad/ops/registry/comparison.h"

namespace triad::nn {
namespace {

constexpr int64_t kBatch = 3, kTime = 5, kWidth = 6, kHeads = 2;

class AttentionPooling : public testing::Test {
 protected:
  AttentionPooling() {
    for (const NamedParameter& p : parameters_of(pool_))  // biases too
      p.parameter->assign(p.name, normal(p.parameter->shape(), 0.5, RandomKey{.seed = 4}.at(p.name)));
  }

  static Tensor states() { return clone_as(normal({kBatch, kTime, kWidth}, 1, {.seed = 9}), DType::f64); }
  /// The last row sees nothing.
  static Tensor mask() {
    return from_values<bool>(
        {true, true, true, false, false, false, true, true, false, true, false, false, false, false, false},
        {kBatch, kTime});
  }

  AttentionPool pool_{kWidth, kHeads, 0.5, {.seed = 4}};
};

TEST_F(AttentionPooling, IsItsFormula) {
  const auto x = states().to_vector<double>();
  const auto query = pool_.query.value().to_vector<double>(),
             weight = pool_.key_value.weight.value().to_vector<double>(),
             bias = pool_.key_value.bias.value().to_vector<double>(),
             out_weight = pool_.output.weight.value().to_vector<double>(),
             out_bias = pool_.output.bias.value().to_vector<double>();
  const std::vector<int64_t> seen = mask().to_vector<int64_t>();
  const size_t width = kWidth, per_head = kWidth / kHeads, time = kTime;
  const auto projected = [&](size_t position, size_t row) {  // rows 0..C are keys, C..2C values
    double sum = bias[row];
    for (size_t c = 0; c < width; ++c) sum += weight[row * width + c] * x[position * width + c];
    return sum;
  };
  std::vector<double> expected;
  for (size_t b = 0; b < kBatch; ++b) {
    std::vector<double> joined(width);
    for (size_t head = 0; head < kHeads; ++head) {
      double total = 0;
      std::vector<double> sums(per_head);
      for (size_t t = 0; t < time; ++t) {
        if (!seen[b * time + t]) continue;
        double score = 0;
        for (size_t d = head * per_head; d < (head + 1) * per_head; ++d) score += query[d] * projected(b * time + t, d);
        const double share = std::exp(score / std::sqrt(static_cast<double>(per_head)));
        total += share;
        for (size_t d = 0; d < per_head; ++d) sums[d] += share * projected(b * time + t, width + head * per_head + d);
      }
      for (size_t d = 0; d < per_head; ++d) joined[head * per_head + d] = total > 0 ? sums[d] / total : 0;
    }
    for (size_t row = 0; row < width; ++row) {
      double sum = out_bias[row];
      for (size_t c = 0; c < width; ++c) sum += out_weight[row * width + c] * joined[c];
      expected.push_back(sum);
    }
  }
  const ops::Comparison same =
      ops::compare(pool_.forward(states(), mask()), from_values(expected, {kBatch, kWidth}), 1e-12);
  EXPECT_TRUE(same.passed) << same.message;
}

TEST_F(AttentionPooling, MaskedPositionsHaveNoInfluence) {
  const Tensor cotangent = clone_as(normal({kBatch, kWidth}, 1, {.seed = 6}), DType::f64);
  const auto run = [&](double elsewhere) {
    Tensor x = states();
    const std::vector<int64_t> seen = mask().to_vector<int64_t>();
    for (int64_t i = 0; i < x.numel(); ++i) {
      if (!seen[static_cast<size_t>(i / kWidth)]) x.mutable_data<double>()[i] = elsewhere;
    }
    x = requires_grad(x);
    std::vector<Tensor> results = {pool_.forward(x, mask())};
    backward(results[0], cotangent);
    results.push_back(grad(x));
    for (const NamedParameter& p : parameters_of(pool_)) {
      results.push_back(clone(grad(p.parameter->value())));
      set_grad(p.parameter->value(), {});
    }
    return results;
  };
  const std::vector<Tensor> expected = run(0), got = run(1e6);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(ops::compare_bits(got[i], expected[i]).passed) << i;
  const std::vector<double> gradient = got[1].to_vector<double>();
  const std::vector<int64_t> seen = mask().to_vector<int64_t>();
  for (size_t i = 0; i < gradient.size(); ++i) EXPECT_EQ(gradient[i] != 0, seen[i / kWidth] != 0) << i;
}

TEST_F(AttentionPooling, PaddingBehindChangesNothing) {
  const Tensor x = normal({1, kTime, kWidth}, 1, {.seed = 9});
  Tensor padded = full({1, kTime + 40, kWidth}, 3), mask = zeros({1, kTime + 40}, DType::boolean);
  std::copy_n(x.data<float>(), x.numel(), padded.mutable_data<float>());
  std::fill_n(mask.mutable_data<bool>(), kTime, true);
  const ops::Comparison same = ops::compare(pool_.forward(padded, mask), pool_.forward(x, {}), 1e-6);
  EXPECT_TRUE(same.passed) << same.message;
}

TEST(AttentionPool, RefusesHeadsThatDoNotDivide) {
  EXPECT_EQ(harness::message_of<ShapeError>([] { AttentionPool(6, 4, 0.02, {}); }),
            "AttentionPool: width 6 does not divide into 4 heads");
}

}  // namespace
}  // namespace triad::nn
