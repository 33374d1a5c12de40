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

void sum_losses(StepLoss& loss, comm::Communicator& comm) {
  std::vector<double> values{loss.total};
  for (const auto& [name, value] : loss.parts) values.push_back(value);
  values = summed(values, comm, "losses");
  size_t i = 0;
  loss.total = values[i++];
  for (auto& [name, value] : loss.parts) value = values[i++];
}

}  // namespace triad::train
