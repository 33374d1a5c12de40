#include "triad/train/evaluate/retrieval.h"

#include <cmath>

#include <gtest/gtest.h>

namespace triad::train {
namespace {

/// Unit vectors at these angles, in degrees.
Tensor directions(const std::vector<double>& degrees) {
  std::vector<float> values;
  for (const double d : degrees) values.push_back(static_cast<float>(std::cos(d * M_PI / 180))), values.push_back(static_cast<float>(std::sin(d * M_PI / 180)));
  return from_values(values, {std::ssize(degrees), 2});
}

TEST(Retrieval, CountsTheRankOfTheBestRightCandidate) {
  const Tensor candidates = directions({0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110});
  const Retrieval r = retrieve(directions({0, 1, 90}), candidates, {0, 3, 99}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(r.n, 2);  // the third query has no right candidate
  EXPECT_DOUBLE_EQ(r.r1, 0.5);
  EXPECT_DOUBLE_EQ(r.r5, 1);
}

TEST(Retrieval, AnyCandidateOfTheSameIdentityIsRight) {
  const Retrieval r = retrieve(directions({0}), directions({90, 5, 45}), {7}, {7, 7, 1});
  EXPECT_DOUBLE_EQ(r.r1, 1);
}

TEST(Retrieval, TiesAndNanCountAgainstTheModel) {
  EXPECT_DOUBLE_EQ(retrieve(directions({0}), directions({0, 0}), {1}, {1, 2}).r1, 0);
  const Tensor nan = full({2, 2}, std::nan(""));
  EXPECT_DOUBLE_EQ(retrieve(directions({0}), nan, {1}, {1, 2}).r1, 0);
}

TEST(Retrieval, BestCandidatesComeInOrder) {
  EXPECT_EQ(best_candidates(directions({0}), directions({90, 5, 45, 3}), 3), (std::vector<std::vector<int64_t>>{{3, 1, 2}}));
  EXPECT_DOUBLE_EQ(right_class(directions({0, 80}), directions({90, 5}), {4, 4}, {4, 9}), 0.5);
}

}  // namespace
}  // namespace triad::train
