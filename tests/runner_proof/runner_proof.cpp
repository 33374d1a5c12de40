// One test of every fate, for scripts/check-runner to see whether scripts/run-tests tells them apart. The program is not
// named test_*, so it never runs as a test itself.
#include <chrono>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

TEST(Fate, Passes) {}
TEST(Fate, Fails) { EXPECT_EQ(1 + 1, 3) << "a reason to fail"; }
TEST(Fate, Skips) { GTEST_SKIP() << "a reason to skip"; }
TEST(Fate, DISABLED_Sleeps) {}
TEST(Fate, Aborts) { std::abort(); }
TEST(Fate, ExitsEarly) { std::exit(0); }
TEST(Fate, Hangs) { std::this_thread::sleep_for(std::chrono::hours(1)); }
