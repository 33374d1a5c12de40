#include "triad/train/evaluate/retrieval.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>

#include "triad/autograd/grad_mode.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/shape/reshape.h"

namespace triad::train {
namespace {

constexpr int64_t kTile = 128;  // queries scored at a time

/// Calls use(query, scores of all candidates) for each query.
void for_each_query(const Tensor& queries, const Tensor& candidates,
                    const std::function<void(size_t, std::span<const float>)>& use) {
  const NoGrad no_tape;
  const Tensor transposed = ops::transpose(candidates, 0, 1);
  const auto m = static_cast<size_t>(candidates.size(0));
  for (int64_t first = 0; first < queries.size(0); first += kTile) {
    const Tensor scores = contiguous(ops::matmul(ops::slice(queries, 0, first, first + kTile), transposed));
    for (int64_t i = 0; i < scores.size(0); ++i)
      use(static_cast<size_t>(first + i), {scores.data<float>() + static_cast<size_t>(i) * m, m});
  }
}

/// How many queries a random candidate is expected to be right for.
double random_matches(const std::vector<int64_t>& query_ids, const std::vector<int64_t>& candidate_ids) {
  std::map<int64_t, int64_t> right;
  for (const int64_t id : candidate_ids) ++right[id];
  double sum = 0;
  for (const int64_t id : query_ids) {
    const auto found = right.find(id);
    if (found != right.end()) sum += static_cast<double>(found->second);
  }
  return sum / static_cast<double>(candidate_ids.size());
}

}  // namespace

std::vector<int64_t> wrong_before_right(const Tensor& queries, const Tensor& candidates,
                                        const std::vector<int64_t>& query_ids,
                                        const std::vector<int64_t>& candidate_ids) {
  std::vector<int64_t> wrong_before(query_ids.size(), -1);
  for_each_query(queries, candidates, [&](size_t query, std::span<const float> scores) {
    float best = -std::numeric_limits<float>::infinity();
    bool has_right = false;
    for (size_t j = 0; j < scores.size(); ++j) {
      if (candidate_ids[j] == query_ids[query]) best = std::max(best, scores[j]), has_right = true;
    }
    if (!has_right) return;
    int64_t ahead = 0;
    for (size_t j = 0; j < scores.size(); ++j) ahead += candidate_ids[j] != query_ids[query] && !(scores[j] < best);
    wrong_before[query] = ahead;
  });
  return wrong_before;
}

Retrieval retrieve(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_ids,
                   const std::vector<int64_t>& candidate_ids) {
  Retrieval result;
  for (const int64_t ahead : wrong_before_right(queries, candidates, query_ids, candidate_ids)) {
    if (ahead < 0) continue;
    ++result.n;
    result.r1 += ahead < 1;
    result.r5 += ahead < 5;
    result.r10 += ahead < 10;
  }
  if (result.n == 0) return result;
  for (double* share : {&result.r1, &result.r5, &result.r10}) *share /= static_cast<double>(result.n);
  result.chance = random_matches(query_ids, candidate_ids) / static_cast<double>(result.n);
  return result;
}

RightClass right_class(const Tensor& queries, const Tensor& candidates, const std::vector<int64_t>& query_labels,
                       const std::vector<int64_t>& candidate_labels) {
  const std::vector<int64_t> wrong_before = wrong_before_right(queries, candidates, query_labels, candidate_labels);
  RightClass result{.n = std::ranges::count_if(wrong_before, [](int64_t ahead) { return ahead >= 0; })};
  if (result.n == 0) return result;
  const auto n = static_cast<double>(result.n);
  result.share = static_cast<double>(std::ranges::count(wrong_before, 0)) / n;
  result.chance = random_matches(query_labels, candidate_labels) / n;
  return result;
}

std::vector<std::vector<int64_t>> best_candidates(const Tensor& queries, const Tensor& candidates, int64_t k) {
  std::vector<std::vector<int64_t>> best(static_cast<size_t>(queries.size(0)));
  for_each_query(queries, candidates, [&](size_t query, std::span<const float> scores) {
    std::vector<int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + std::min<int64_t>(k, std::ssize(order));
    const auto score = [&](int64_t i) {
      const float s = scores[static_cast<size_t>(i)];
      return std::isnan(s) ? -std::numeric_limits<float>::infinity() : s;
    };
    std::partial_sort(order.begin(), end, order.end(), [&](int64_t a, int64_t b) {
      const float left = score(a), right = score(b);
      return left != right ? left > right : a < b;
    });
    best[query].assign(order.begin(), end);
  });
  return best;
}

}  // namespace triad::train
