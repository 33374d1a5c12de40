#include "triad/train/evaluate/retrieval.h"

#include <cmath>

#include <gtest/gtest.h>

namespace triad::train {
namespace {

/// Unit vectors at these angles, in degrees.
Tensor directions(const std::vector<double>& degrees) {
  std::vector<float> values;
  for (const double d : degrees) {
    values.push_back(static_cast<float>(std::cos(d * M_PI / 180)));
    values.push_back(static_cast<float>(std::sin(d * M_PI / 180)));
  }
  return from_values(values, {std::ssize(degrees), 2});
}

TEST(Retrieval, CountsTheRankOfTheBestRightCandidate) {
  const Tensor queries = directions({0, 1, 90}),
               candidates = directions({0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110});
  const std::vector<int64_t> query_ids = {0, 3, 99}, candidate_ids = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_EQ(wrong_before_right(queries, candidates, query_ids, candidate_ids), (std::vector<int64_t>{0, 3, -1}));
  const Retrieval r = retrieve(queries, candidates, query_ids, candidate_ids);
  EXPECT_EQ(r.n, 2);  // the third query has no right candidate
  EXPECT_DOUBLE_EQ(r.r1, 0.5);
  EXPECT_DOUBLE_EQ(r.r5, 1);
  EXPECT_DOUBLE_EQ(r.chance, 1.0 / 12);
}

TEST(Retrieval, AnyCandidateOfTheSameIdentityIsRight) {
  const Retrieval r = retrieve(directions({0}), directions({90, 5, 45}), {7}, {7, 7, 1});
  EXPECT_DOUBLE_EQ(r.r1, 1);
  EXPECT_DOUBLE_EQ(r.chance, 2.0 / 3);
}

TEST(Retrieval, TiesAndNanCountAgainstTheModel) {
  EXPECT_DOUBLE_EQ(retrieve(directions({0}), directions({0, 0}), {1}, {1, 2}).r1, 0);
  const Tensor nan = full({2, 2}, std::nan(""));
  EXPECT_DOUBLE_EQ(retrieve(directions({0}), nan, {1}, {1, 2}).r1, 0);
  EXPECT_DOUBLE_EQ(right_class(directions({0}), nan, {1}, {1, 2}).share, 0);
  EXPECT_EQ(best_candidates(directions({0}), nan, 2).front(), (std::vector<int64_t>{0, 1}));
}

TEST(Retrieval, BestCandidatesComeInOrder) {
  EXPECT_EQ(best_candidates(directions({0}), directions({90, 5, 45, 3}), 3),
            (std::vector<std::vector<int64_t>>{{3, 1, 2}}));
}

TEST(Retrieval, TheClassOfTheBestCandidateCounts) {
  const RightClass right = right_class(directions({0, 80, 7}), directions({90, 5, 6}), {4, 4, 8}, {4, 9, 4});
  EXPECT_EQ(right.n, 2);                   // the third has no candidate of its class
  EXPECT_DOUBLE_EQ(right.share, 1.0 / 2);  // the first finds 9
  EXPECT_DOUBLE_EQ(right.chance, 2.0 / 3);
  EXPECT_EQ(right_class(directions({0}), directions({0}), {4}, {5}).n, 0);
}

}  // namespace
}  // namespace triad::train
