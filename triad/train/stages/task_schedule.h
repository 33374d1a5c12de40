// Which tasks of a multi-task stage take part in a step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "triad/core/base/philox.h"

namespace triad::train {

/// For each of the tasks, whether it takes part in `step`: with the probability that is its share, and every one of them
/// where that leaves none. A pure function of its arguments, so that all ranks agree without a word, and a resumed run does
/// what an undisturbed one would have done.
template <size_t N>
std::array<bool, N> tasks_of_step(const std::array<double, N>& shares, uint64_t seed, int64_t step) {
  RandomStream random({.seed = seed, .step = static_cast<uint32_t>(step), .site = random_site("tasks")});
  std::array<bool, N> active{};
  bool any = false;
  for (size_t i = 0; i < N; ++i) any |= active[i] = random.uniform() < shares[i];
  if (!any) active.fill(true);
  return active;
}

}  // namespace triad::train
