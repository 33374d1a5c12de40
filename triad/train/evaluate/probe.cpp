#include "triad/train/evaluate/probe.h"

#include <algorithm>
#include <map>

#include "triad/autograd/autograd.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/loss/cross_entropy.h"
#include "triad/ops/matmul/linear.h"
#include "triad/ops/norm/l2_normalize.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/sum.h"
#include "triad/optim/optimizer.h"
#include "triad/optim/schedule.h"
#include "triad/train/evaluate/retrieval.h"

namespace triad::train {

double linear_probe(const Tensor& train_features, const std::vector<int64_t>& train_labels, const Tensor& test_features,
                    const std::vector<int64_t>& test_labels) {
  constexpr int64_t kSteps = 300;
  const Tensor mean = ops::mean(train_features, {0}, /*keep=*/true);
  const Tensor deviation =
      ops::sqrt(ops::mean(ops::square(train_features - mean), {0}, /*keep=*/true) + full({}, 1e-6));
  const Tensor x = (train_features - mean) / deviation;
  const Tensor targets = from_values(train_labels, {std::ssize(train_labels)});
  const int64_t classes = 1 + *std::max_element(train_labels.begin(), train_labels.end());

  Parameter weight(zeros({classes, x.size(1)})), bias(zeros({classes}), /*decays=*/false);
  optim::Arena arena({{"weight", &weight}, {"bias", &bias}});
  optim::Optimizer optimizer(arena, {.weight_decay = 0.01, .clip_norm = 0});
  for (int64_t step = 0; step < kSteps; ++step) {
    arena.zero_gradients();
    backward(ops::cross_entropy(ops::linear(x, weight.value(), bias.value()), targets));
    optimizer.step(optim::learning_rate({.peak = 0.05, .total_steps = kSteps}, step));
  }
  const NoGrad no_tape;
  const std::vector<int64_t> guesses =
      ops::argmax(ops::linear((test_features - mean) / deviation, weight.value(), bias.value()), -1)
          .to_vector<int64_t>();
  int64_t right = 0;
  for (size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == test_labels[i];
  return static_cast<double>(right) / static_cast<double>(guesses.size());
}

double nearest_neighbours(const Tensor& train_features, const std::vector<int64_t>& train_labels,
                          const Tensor& test_features, const std::vector<int64_t>& test_labels, int64_t k) {
  const auto nearest = best_candidates(ops::l2_normalize(test_features), ops::l2_normalize(train_features), k);
  int64_t right = 0;
  for (size_t i = 0; i < nearest.size(); ++i) {
    std::map<int64_t, int64_t> votes;
    int64_t winner = -1;
    for (const int64_t neighbour : nearest[i]) ++votes[train_labels[static_cast<size_t>(neighbour)]];
    // Nearest first, so that an equal count does not displace a nearer one.
    for (const int64_t neighbour : nearest[i]) {
      const int64_t label = train_labels[static_cast<size_t>(neighbour)];
      if (winner < 0 || votes[label] > votes[winner]) winner = label;
    }
    right += winner == test_labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(nearest.size());
}

}  // namespace triad::train
