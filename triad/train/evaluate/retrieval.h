// Retrieval: how far up the right candidates come.
#pragma once

#include <cstdint>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::train {

/// Shares of queries with a right candidate among the first 1, 5, 10.
struct Retrieval {
  int64_t n = 0;  ///< queries that have a right candidate at all
  double r1 = 0, r5 = 0, r10 = 0;
};

/// Ranks all candidates for each query by their dot product. A candidate is right if its identity is that of the query.
/// A wrong candidate that scores the same as the best right one, or NaN, counts as ahead of it. Memory: a tile of
/// queries by all candidates.
/// queries: f32 [N, D], candidates: f32 [M, D]
Retrieval retrieve(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_ids,
                   const std::vector<int64_t>& candidate_ids);

/// The `k` best candidates of each query, best first: i64 [N, k] row by row.
std::vector<std::vector<int64_t>> best_candidates(const Tensor& queries, const Tensor& candidates, int64_t k);

/// Share of queries whose best candidate has the label of the query.
double right_class(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_labels,
                   const std::vector<int64_t>& candidate_labels);

}  // namespace triad::train
