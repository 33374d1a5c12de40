#include "triad/bench/measure/statistics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

using Values = std::vector<double>;

TEST(Quantile, LiesBetweenNeighbours) {
  EXPECT_EQ(quantile(Values{3, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile(Values{4, 1, 2, 3}, 0.5), 2.5);
  EXPECT_EQ(quantile(Values{5, 1, 2, 3, 4}, 0.25), 2);
  EXPECT_EQ(quantile(Values{7}, 0.9), 7);
  EXPECT_EQ(quantile(Values{2, 1}, 0), 1);
  EXPECT_EQ(quantile(Values{2, 1}, 1), 2);
  EXPECT_TRUE(std::isnan(quantile(Values{}, 0.5)));
}

TEST(PairedRatio, IsThatOfRunsSideBySide) {
  // A machine that slows down: the ratio of the medians would be 4 / 6.
  const Values ours{1, 2, 4, 8, 16}, peer{2, 4, 6, 16, 32};
  const Ratio ratio = paired_ratio(ours, peer);
  EXPECT_EQ(ratio.median, 0.5);
  EXPECT_GE(ratio.low, 0.5);
  EXPECT_LE(ratio.high, 4.0 / 6);
  EXPECT_EQ(paired_ratio(ours, peer).low, ratio.low) << "the draws are the same every time";
  EXPECT_EQ(harness::message_of<ValueError>([&] { paired_ratio(ours, Values{1}); }),
            "paired_ratio: 5 runs against 1, expected as many, and at least one");
}

TEST(IndependentRatio, IsThatOfTheMedians) {
  const Values before{1, 2, 3, 4, 5}, after{2, 4, 6, 8, 10, 12, 14};
  const Ratio ratio = independent_ratio(after, before);
  EXPECT_NEAR(ratio.median, 8.0 / 3, 1e-12);
  EXPECT_LT(ratio.low, ratio.median);
  EXPECT_GT(ratio.high, ratio.median);
  EXPECT_EQ(harness::message_of<ValueError>([&] { independent_ratio(after, Values{}); }),
            "independent_ratio: no runs to compare");
}

TEST(PairedRatio, ManyRunsNarrowTheInterval) {
  const auto width = [](int runs) {
    Values ours, peer;
    for (int i = 0; i < runs; ++i) {
      ours.push_back(1 + 0.1 * std::sin(i));
      peer.push_back(1);
    }
    const Ratio ratio = paired_ratio(ours, peer);
    return ratio.high - ratio.low;
  };
  EXPECT_LT(width(200), 0.6 * width(12));
}

TEST(Verdict, TakesTheWholeInterval) {
  EXPECT_EQ(verdict_of({.median = 0.9, .low = 0.85, .high = 0.96}), Verdict::faster);
  EXPECT_EQ(verdict_of({.median = 0.9, .low = 0.85, .high = 0.98}), Verdict::unclear);
  EXPECT_EQ(verdict_of({.median = 1, .low = 0.98, .high = 1.02}), Verdict::same);
  EXPECT_EQ(verdict_of({.median = 1.1, .low = 1.04, .high = 1.2}), Verdict::slower);
  EXPECT_EQ(verdict_of({.median = 1.05, .low = 1.01, .high = 1.2}), Verdict::unclear);
}

}  // namespace
}  // namespace triad::bench
