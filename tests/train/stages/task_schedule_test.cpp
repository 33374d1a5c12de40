#include "triad/train/stages/task_schedule.h"

#include <cmath>

#include <gtest/gtest.h>

namespace triad::train {
namespace {

constexpr int64_t kSteps = 10'000;

TEST(TaskSchedule, ATaskTakesPartInItsShareOfTheSteps) {
  double first = 0, both = 0;
  for (int64_t step = 0; step < kSteps; ++step) {
    const auto [a, b] = tasks_of_step<2>({0.25, 1}, 7, step);
    EXPECT_TRUE(b);
    first += a;
  }
  // A binomial count is within five standard deviations of its mean.
  EXPECT_NEAR(first / kSteps, 0.25, 5 * std::sqrt(0.25 * 0.75 / kSteps));
  for (int64_t step = 0; step < kSteps; ++step) {
    const auto [a, b, never] = tasks_of_step<3>({0.5, 0.5, 0}, 7, step);
    both += a && b && !never;
  }
  EXPECT_NEAR(both / kSteps, 0.25, 5 * std::sqrt(0.25 * 0.75 / kSteps))
      << "tasks are drawn independently of each other";
}

TEST(TaskSchedule, WhereNoTaskIsDrawnAllTakePart) {
  for (int64_t step = 0; step < 100; ++step) {
    const auto active = tasks_of_step<2>({0.3, 0.3}, 3, step);
    EXPECT_TRUE(active[0] || active[1]) << step;
    EXPECT_TRUE(tasks_of_step<1>({0}, 3, step)[0]);
  }
}

TEST(TaskSchedule, IsAFunctionOfSeedAndStep) {
  int differ = 0;
  for (int64_t step = 0; step < 100; ++step) {
    const auto here = tasks_of_step<2>({0.5, 0.5}, 3, step);
    EXPECT_EQ(here, (tasks_of_step<2>({0.5, 0.5}, 3, step)));
    differ += here != tasks_of_step<2>({0.5, 0.5}, 4, step);
  }
  EXPECT_GT(differ, 20);
}

}  // namespace
}  // namespace triad::train
