#include "triad/train/evaluate/probe.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/core/base/philox.h"

namespace triad::train {
namespace {

/// Points of three classes, a third of them each, with means 120 degrees apart at `distance` from the origin.
struct Clouds {
  Tensor features;
  std::vector<int64_t> labels;
};

Clouds clouds(double distance, uint64_t seed, int64_t count = 600) {
  RandomStream random({.seed = seed});
  std::vector<float> values;
  Clouds all;
  for (int64_t i = 0; i < count; ++i) {
    const double angle = 2 * M_PI / 3 * static_cast<double>(i % 3);
    values.push_back(static_cast<float>(distance * std::cos(angle) + random.normal()));
    values.push_back(static_cast<float>(distance * std::sin(angle) + random.normal()));
    all.labels.push_back(i % 3);
  }
  all.features = from_values(values, {count, 2});
  return all;
}

TEST(Probe, SeparableClassesAreTold) {
  const Clouds train = clouds(8, 1), held_out = clouds(8, 2);
  EXPECT_EQ(linear_probe(train.features, train.labels, held_out.features, held_out.labels), 1);
  EXPECT_EQ(nearest_neighbours(train.features, train.labels, held_out.features, held_out.labels), 1);
}

TEST(Probe, OverlappingClassesAreToldAsWellAsTheBestLineCan) {
  const Clouds train = clouds(1.5, 1, 3000), held_out = clouds(1.5, 2, 3000);
  int64_t best = 0;  // by the nearest mean, which is Bayes' rule here
  const std::vector<float> values = held_out.features.to_vector<float>();
  for (size_t i = 0; i < held_out.labels.size(); ++i) {
    const double angle = std::atan2(values[2 * i + 1], values[2 * i]) * 3 / (2 * M_PI);
    best += (std::lround(angle) + 3) % 3 == held_out.labels[i];
  }
  EXPECT_NEAR(linear_probe(train.features, train.labels, held_out.features, held_out.labels),
              static_cast<double>(best) / 3000, 0.01);
}

TEST(Probe, LabelsWithoutMeaningAreGuessed) {
  Clouds train = clouds(8, 1), held_out = clouds(8, 2);
  RandomStream random({.seed = 3});
  random.shuffle(train.labels);
  EXPECT_NEAR(linear_probe(train.features, train.labels, held_out.features, held_out.labels), 1.0 / 3, 0.1);
}

TEST(Probe, NeighboursVoteAndTheNearerWinsATie) {
  // Seen from angle 0: one of class 0 at 1 degree, two of class 1 at 2 and 3, one of class 0 at 4.
  std::vector<float> values;
  for (const double degrees : {1.0, 2.0, 3.0, 4.0}) {
    values.push_back(static_cast<float>(std::cos(degrees * M_PI / 180)));
    values.push_back(static_cast<float>(std::sin(degrees * M_PI / 180)));
  }
  const Tensor train = from_values(values, {4, 2}), query = from_values<float>({5, 0}, {1, 2});
  const std::vector<int64_t> labels = {0, 1, 1, 0};
  const auto right = [&](int64_t k, int64_t label) { return nearest_neighbours(train, labels, query, {label}, k); };
  EXPECT_EQ(right(1, 0), 1);
  EXPECT_EQ(right(2, 0), 1);  // one vote each
  EXPECT_EQ(right(3, 1), 1);
  EXPECT_EQ(right(4, 0), 1);  // two votes each
}

}  // namespace
}  // namespace triad::train
