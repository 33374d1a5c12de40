#include "triad/bench/steps/step_profile.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <vector>

#include "triad/bench/measure/statistics.h"
#include "triad/bench/steps/training_step.h"
#include "triad/core/base/profile.h"

namespace triad::bench {
namespace {

constexpr int kWarmup = 2, kSteps = 7;

struct Row {
  std::string kernel;
  int64_t calls = 0;
  std::vector<double> milliseconds;  // of each step
};

}  // namespace

std::string profile_of_step(const std::string& name, DType dtype, double dropout) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  TrainingStep step(name, dtype, dropout, /*seed=*/1);
  for (int i = 0; i < kWarmup; ++i) step.run();
  std::map<std::string, Row> rows;
  Row whole{.kernel = "the step", .calls = 1}, between{.kernel = "between kernels"};
  for (int i = 0; i < kSteps; ++i) {
    Profile profile;
    const auto start = std::chrono::steady_clock::now();
    profile.start();
    step.run();
    profile.stop();
    const double total = Milliseconds(std::chrono::steady_clock::now() - start).count();
    double named = 0;
    for (const auto& [kernel, entry] : profile.entries()) {
      Row& row = rows[kernel];
      row.kernel = kernel;
      row.calls = entry.calls;
      row.milliseconds.push_back(Milliseconds(entry.time).count());
      named += row.milliseconds.back();
    }
    whole.milliseconds.push_back(total);
    between.milliseconds.push_back(total - named);
  }
  std::vector<Row> sorted;
  for (auto& [kernel, row] : rows) sorted.push_back(std::move(row));
  sorted.push_back(between);
  const auto median = [](const Row& row) { return quantile(row.milliseconds, 0.5); };
  std::sort(sorted.begin(), sorted.end(), [&](const Row& a, const Row& b) { return median(a) > median(b); });
  sorted.insert(sorted.begin(), whole);
  std::string table;
  for (const Row& row : sorted) {
    char line[160];
    std::snprintf(line, sizeof(line), "    %-26s %5lld x %9.2f ms %5.1f%%\n", row.kernel.c_str(),
                  static_cast<long long>(row.calls), median(row), 100 * median(row) / median(whole));
    table += line;
  }
  return table;
}

}  // namespace triad::bench
