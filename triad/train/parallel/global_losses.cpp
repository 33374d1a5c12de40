#include "triad/train/parallel/global_losses.h"

#include "triad/train/loop/accumulate.h"

namespace triad::train {
namespace {

/// The sums over all ranks, in f64.
std::vector<double> summed(const std::vector<double>& own, comm::Communicator& comm, std::string name) {
  if (own.empty() || comm.size() == 1) return own;
  const Tensor sums = from_values(own, {std::ssize(own)});
  comm.all_reduce(sums, comm::Reduction::sum, {.name = std::move(name)}).wait();
  return sums.to_vector<double>();
}

}  // namespace

std::vector<LossTerm> global_terms(std::vector<LossTerm> terms, comm::Communicator& comm) {
  std::vector<double> counts;
  for (const LossTerm& term : terms) counts.push_back(term.count);
  counts = summed(counts, comm, "counts of terms");
  for (size_t i = 0; i < terms.size(); ++i) terms[i].count = counts[i];
  return terms;
}

bool sum_losses(StepLoss& loss, bool wants_to_stop, comm::Communicator& comm) {
  std::vector<double> values{wants_to_stop ? 1.0 : 0.0, loss.total};
  for (const auto& [name, value] : loss.parts) values.push_back(value);
  values = summed(values, comm, "losses");
  loss.total = values[1];
  size_t i = 2;
  for (auto& [name, value] : loss.parts) value = values[i++];
  return values[0] > 0;
}

}  // namespace triad::train
