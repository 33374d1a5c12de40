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
  const Schedule s{.shape = ScheduleShape::constant, .peak = 1, .warmup_steps = 2, .cooldown_steps = 10, .total_steps = 30};
  EXPECT_DOUBLE_EQ(learning_rate(s, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 20), 1);
  EXPECT_DOUBLE_EQ(learning_rate(s, 25), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 30), 0);
}

TEST(Schedule, PartsThatDoNotFitAreRefused) {
  const Schedule s{.warmup_steps = 8, .cooldown_steps = 3, .total_steps = 10};
  EXPECT_EQ(harness::message_of<ValueError>([&] { learning_rate(s, 0); }),
            "learning_rate: 8 warm-up and 3 cooldown steps do not fit into 10 steps");
}

}  // namespace
}  // namespace triad::optim
