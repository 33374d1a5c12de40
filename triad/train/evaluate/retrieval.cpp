#include "triad/train/evaluate/retrieval.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "triad/autograd/grad_mode.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/shape/reshape.h"

namespace triad::train {
namespace {

constexpr int64_t kTile = 128;  // queries scored at a time

/// Calls use(query, scores of all candidates) for each query.
void for_each_query(const Tensor& queries, const Tensor& candidates, const std::function<void(size_t, std::span<const float>)>& use) {
  const NoGrad no_tape;
  const Tensor transposed = ops::transpose(candidates, 0, 1);
  const auto m = static_cast<size_t>(candidates.size(0));
  for (int64_t first = 0; first < queries.size(0); first += kTile) {
    const Tensor scores = contiguous(ops::matmul(ops::slice(queries, 0, first, first + kTile), transposed));
    for (int64_t i = 0; i < scores.size(0); ++i)
      use(static_cast<size_t>(first + i), {scores.data<float>() + static_cast<size_t>(i) * m, m});
  }
}

}  // namespace

Retrieval retrieve(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_ids,
                   const std::vector<int64_t>& candidate_ids) {
  Retrieval result;
  for_each_query(queries, candidates, [&](size_t query, std::span<const float> scores) {
    float best = -std::numeric_limits<float>::infinity();
    bool has_right = false;
    for (size_t j = 0; j < scores.size(); ++j) {
      if (candidate_ids[j] == query_ids[query]) best = std::max(best, scores[j]), has_right = true;
    }
    if (!has_right) return;
    int64_t ahead = 0;
    for (size_t j = 0; j < scores.size(); ++j) ahead += candidate_ids[j] != query_ids[query] && !(scores[j] < best);
    ++result.n;
    result.r1 += ahead < 1;
    result.r5 += ahead < 5;
    result.r10 += ahead < 10;
  });
  if (result.n > 0) {
    for (double* share : {&result.r1, &result.r5, &result.r10}) *share /= static_cast<double>(result.n);
  }
  return result;
}

std::vector<std::vector<int64_t>> best_candidates(const Tensor& queries, const Tensor& candidates, int64_t k) {
  std::vector<std::vector<int64_t>> best(static_cast<size_t>(queries.size(0)));
  for_each_query(queries, candidates, [&](size_t query, std::span<const float> scores) {
    std::vector<int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + std::min<int64_t>(k, std::ssize(order));
    std::partial_sort(order.begin(), end, order.end(), [&](int64_t a, int64_t b) {
      const float left = scores[static_cast<size_t>(a)], right = scores[static_cast<size_t>(b)];
      return left != right ? left > right : a < b;
    });
    best[query].assign(order.begin(), end);
  });
  return best;
}

double right_class(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_labels,
                   const std::vector<int64_t>& candidate_labels) {
  int64_t right = 0;
  for_each_query(queries, candidates, [&](size_t query, std::span<const float> scores) {
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    right += candidate_labels[static_cast<size_t>(best)] == query_labels[query];
  });
  return static_cast<double>(right) / static_cast<double>(queries.size(0));
}

}  // namespace triad::train
