#include "triad/bench/steps/step_profile.h"

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "triad/bench/measure/statistics.h"
#include "triad/bench/steps/profile_table.h"
#include "triad/bench/steps/training_step.h"
#include "triad/core/base/profile.h"

namespace triad::bench {
namespace {

constexpr int kWarmup = 2, kSteps = 7;

struct Row {
  int64_t calls = 0;
  std::vector<double> milliseconds;  // of each step
};

}  // namespace

std::string profile_of_step(const std::string& name, DType dtype, double dropout) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  TrainingStep step(name, dtype, dropout, /*seed=*/1);
  for (int i = 0; i < kWarmup; ++i) step.run();
  std::map<std::string, Row> rows;
  std::vector<double> steps;  // milliseconds
  for (int i = 0; i < kSteps; ++i) {
    Profile profile;
    const auto start = std::chrono::steady_clock::now();
    profile.start();
    step.run();
    profile.stop();
    steps.push_back(Milliseconds(std::chrono::steady_clock::now() - start).count());
    for (const auto& [kernel, entry] : profile.entries()) {
      Row& row = rows[kernel];
      row.calls = entry.calls;
      row.milliseconds.push_back(Milliseconds(entry.time).count());
    }
  }
  std::vector<ProfileRow> medians;
  for (const auto& [kernel, row] : rows)
    medians.push_back({kernel, static_cast<double>(row.calls), quantile(row.milliseconds, 0.5)});
  return profile_table(std::move(medians), quantile(steps, 0.5));
}

}  // namespace triad::bench
