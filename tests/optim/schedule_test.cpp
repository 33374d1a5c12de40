#include "triad/optim/schedule.h"

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::optim {
namespace {

TEST(Schedule, CosineWarmsUpPeaksAndReachesItsFloor) {
  const Schedule s{.peak = 2, .floor = 0.1, .warmup_steps = 4, .total_steps = 104};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate(s, 4), 2);
  EXPECT_DOUBLE_EQ(learning_rate(s, 54), 2 * (0.1 + 0.9 * 0.5));
  EXPECT_DOUBLE_EQ(learning_rate(s, 104), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(s, 1000), 0.2);
}

TEST(Schedule, ConstantStaysAtItsPeakUntilTheCooldown) {
  const Schedule s{
      .shape = ScheduleShape::constant, .peak = 1, .warmup_steps = 2, .cooldown_steps = 10, .total_steps = 30};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 20), 1);
  EXPECT_DOUBLE_EQ(learning_rate(s, 25), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 30), 0);
}

TEST(Schedule, WithoutACooldownTheFloorBeginsAtTheEnd) {
  const Schedule s{.shape = ScheduleShape::constant, .peak = 2, .floor = 0.25, .total_steps = 10};
  EXPECT_DOUBLE_EQ(learning_rate(s, 9), 2);
  EXPECT_DOUBLE_EQ(learning_rate(s, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 1000), 0.5);
}

TEST(Schedule, NoStepsAtAllAreTheFloor) {
  for (const ScheduleShape shape : {ScheduleShape::cosine, ScheduleShape::constant})
    EXPECT_DOUBLE_EQ(learning_rate({.shape = shape, .peak = 2, .floor = 0.25}, 0), 0.5);
}

TEST(Schedule, PartsThatDoNotFitAreRefused) {
  const Schedule s{.warmup_steps = 8, .cooldown_steps = 3, .total_steps = 10};
  EXPECT_EQ(harness::message_of<ValueError>([&] { learning_rate(s, 0); }),
            "learning_rate: 8 warm-up and 3 cooldown steps do not fit into 10 steps");
  EXPECT_EQ(harness::message_of<ValueError>([] { learning_rate({.cooldown_steps = 3, .total_steps = 10}, 0); }),
            "learning_rate: a cosine has no cooldown, got 3 steps of it");
}

}  // namespace
}  // namespace triad::optim
