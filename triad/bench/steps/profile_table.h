#pragma once

#include <string>
#include <vector>

namespace triad::bench {

/// What one kernel took of a step.
struct ProfileRow {
  std::string kernel;
  double calls = 0;
  double milliseconds = 0;
};

/// A table of what a step of `whole` milliseconds spends its time on, the largest first: calls, milliseconds, share. What the
/// rows leave is the time between kernels.
std::string profile_table(std::vector<ProfileRow> rows, double whole);

}  // namespace triad::bench
