// Retrieval: how far up the right candidates come.
#pragma once

#include <cstdint>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::train {

/// For each query, how many wrong candidates come before its best right one, by their dot product with the query; -1 for
/// a query without a right candidate. A candidate is right if its identity is that of the query. A wrong candidate that
/// scores the same as the best right one, or NaN, comes before it. Memory: a tile of queries by all candidates.
/// queries: f32 [N, D], candidates: f32 [M, D]
std::vector<int64_t> wrong_before_right(const Tensor& queries, const Tensor& candidates,
                                        const std::vector<int64_t>& query_ids,
                                        const std::vector<int64_t>& candidate_ids);

/// Shares of queries with a right candidate among the first 1, 5, 10.
struct Retrieval {
  int64_t n = 0;  ///< queries that have a right candidate at all
  double r1 = 0, r5 = 0, r10 = 0;
  double chance = 0;  ///< r1 of candidates in random order
};
Retrieval retrieve(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_ids,
                   const std::vector<int64_t>& candidate_ids);

/// Share of queries whose best candidate has the label of the query.
struct RightClass {
  int64_t n = 0;  ///< queries that have a candidate of their label at all
  double share = 0;
  double chance = 0;  ///< of candidates in random order
};
RightClass right_class(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_labels,
                       const std::vector<int64_t>& candidate_labels);

/// The `k` best candidates of each query, best first; a score of NaN counts as the lowest.
std::vector<std::vector<int64_t>> best_candidates(const Tensor& queries, const Tensor& candidates, int64_t k);

}  // namespace triad::train
