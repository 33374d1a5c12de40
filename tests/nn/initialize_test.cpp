#include "triad/nn/initialize.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::nn {
namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

Moments moments(const Tensor& t) {
  Moments m;
  const std::vector<double> values = t.to_vector<double>();
  const double count = static_cast<double>(values.size());
  for (const double v : values) m.mean += v / count, m.largest = std::max(m.largest, std::abs(v));
  for (const double v : values) m.deviation += (v - m.mean) * (v - m.mean) / count;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

constexpr RandomKey kKey{.seed = 17};
constexpr int64_t kMany = 200000;  // the mean of so many has a deviation of 0.0022, their deviation one of 0.0016

TEST(Initialise, NormalHasItsDeviationAndTails) {
  const Moments m = moments(normal({kMany}, 0.5, kKey));
  EXPECT_NEAR(m.mean / 0.5, 0, 0.01);
  EXPECT_NEAR(m.deviation / 0.5, 1, 0.01);
  EXPECT_GT(m.largest / 0.5, 3.5);
}

TEST(Initialise, TruncatedNormalEndsAtTwoDeviations) {
  const Moments m = moments(truncated_normal({kMany}, 0.02, kKey));
  EXPECT_NEAR(m.mean / 0.02, 0, 0.01);
  EXPECT_NEAR(m.deviation / 0.02, 0.8796, 0.01);  // of a normal cut off at two
  EXPECT_LE(m.largest, 0.02 * 2.000001);
  EXPECT_GT(m.largest, 0.02 * 1.99);
}

TEST(Initialise, UniformFillsItsBounds) {
  const Moments m = moments(uniform({kMany}, 0.3, kKey));
  EXPECT_NEAR(m.mean / 0.3, 0, 0.01);
  EXPECT_NEAR(m.deviation / 0.3, 1 / std::sqrt(3.0), 0.01);
  EXPECT_LE(m.largest, 0.3000001);
  EXPECT_GT(m.largest, 0.299);
}

TEST(Initialise, XavierIsUniformBoundedByBothFans) {
  const Moments m = moments(xavier_uniform({300, 200}, kKey));
  const double bound = std::sqrt(6.0 / 500);
  EXPECT_NEAR(m.deviation / bound, 1 / std::sqrt(3.0), 0.01);
  EXPECT_LE(m.largest, bound * 1.000001);
  EXPECT_GT(m.largest, bound * 0.999);
  EXPECT_EQ(harness::message_of<ShapeError>([] { xavier_uniform({4}, {}); }),
            "xavier_uniform: expected a weight [out, in], got shape [4]");
}

TEST(Initialise, EveryOneIsAFunctionOfItsKey) {
  const std::function<Tensor(RandomKey)> all[] = {
      [](RandomKey k) { return normal({3, 4}, 1, k); }, [](RandomKey k) { return truncated_normal({3, 4}, 1, k); },
      [](RandomKey k) { return uniform({3, 4}, 1, k); }, [](RandomKey k) { return xavier_uniform({3, 4}, k); }};
  for (const auto& draw : all) {
    EXPECT_EQ(draw(kKey).dtype(), DType::f32);
    EXPECT_EQ(draw(kKey).to_vector<float>(), draw(kKey).to_vector<float>());
    EXPECT_NE(draw(kKey).to_vector<float>(), draw(kKey.at("weight")).to_vector<float>());
    EXPECT_NE(draw(kKey).to_vector<float>(), draw({.seed = 18}).to_vector<float>());
  }
}

}  // namespace
}  // namespace triad::nn
