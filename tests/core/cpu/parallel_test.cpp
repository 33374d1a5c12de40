#include "triad/core/cpu/parallel.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/core/cpu/wait_policy.h"

namespace triad::cpu {
namespace {

/// Runs the body with a number of threads and puts the old number back.
class WithThreads {
 public:
  explicit WithThreads(int threads) : before_(num_threads()) { set_num_threads(threads); }
  ~WithThreads() { set_num_threads(before_); }

 private:
  int before_;
};

std::set<std::pair<int64_t, int64_t>> chunks_of(int64_t n, int64_t chunk, int threads) {
  const WithThreads with(threads);
  std::mutex mutex;
  std::set<std::pair<int64_t, int64_t>> seen;
  parallel_for(n, chunk, [&](int64_t first, int64_t last) {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(seen.emplace(first, last).second) << "a chunk ran twice";
  });
  return seen;
}

TEST(ParallelFor, ChunksDependOnTheProblemAndNotOnTheThreads) {
  for (const int64_t n : {1, 2, 7, 100, 1001}) {
    for (const int64_t chunk : {1, 3, 64, 5000}) {
      const auto one = chunks_of(n, chunk, 1);
      EXPECT_EQ(one, chunks_of(n, chunk, 4));
      int64_t next = 0;
      for (const auto& [first, last] : one) {
        EXPECT_EQ(first, next);
        EXPECT_LE(last - first, chunk);
        next = last;
      }
      EXPECT_EQ(next, n);
    }
  }
}

TEST(ParallelFor, NothingToDoCallsNothing) {
  EXPECT_TRUE(chunks_of(0, 4, 4).empty());
  EXPECT_TRUE(chunks_of(-3, 4, 4).empty());
  EXPECT_EQ(chunks_of(3, 0, 4).size(), 3u) << "a chunk has at least one item";
}

TEST(ParallelFor, AnExceptionReachesTheCaller) {
  for (const int threads : {1, 4}) {
    const WithThreads with(threads);
    EXPECT_EQ(harness::message_of<ValueError>([] {
                parallel_for(100, 1,
                             [](int64_t first, int64_t) { require<ValueError>(first != 57, "body", "item ", first); });
              }),
              "body: item 57");
  }
  std::atomic<int> ran = 0;  // and the team is whole afterwards
  parallel_for(100, 1, [&](int64_t, int64_t) { ++ran; });
  EXPECT_EQ(ran, 100);
}

TEST(ParallelFor, InsideAParallelRegionItRunsOnTheSpot) {
  const WithThreads with(4);
  std::atomic<int> items = 0, elsewhere = 0;
  parallel_for(8, 1, [&](int64_t, int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(10, 1, [&](int64_t first, int64_t last) {
      items += static_cast<int>(last - first);
      elsewhere += std::this_thread::get_id() != here;
    });
  });
  EXPECT_EQ(items, 80);
  EXPECT_EQ(elsewhere, 0);
}

TEST(ParallelFor, ThreadsAreAtLeastOne) {
  EXPECT_EQ(harness::message_of<ValueError>([] { set_num_threads(0); }), "set_num_threads: expected at least 1, got 0");
  EXPECT_GE(num_threads(), 1);
}

TEST(ChunkForCost, CheapItemsShareAChunk) {
  EXPECT_GT(chunk_for_cost(1), chunk_for_cost(100));
  EXPECT_EQ(chunk_for_cost(int64_t{1} << 40), 1);
  EXPECT_EQ(chunk_for_cost(0), chunk_for_cost(1));
}

// A program that is bound to one processor by now would start anew on that alone. Without the guard this test never ends.
TEST(PassiveWait, LeavesABoundProgramAlone) {
  ASSERT_EQ(unsetenv("OMP_WAIT_POLICY"), 0);
  ASSERT_EQ(unsetenv("GOMP_SPINCOUNT"), 0);
  ASSERT_EQ(setenv("OMP_PROC_BIND", "true", 1), 0);
  char name[] = "program";
  char* argv[] = {name, nullptr};
  use_passive_wait(argv);
  EXPECT_EQ(getenv("OMP_WAIT_POLICY"), nullptr);
  unsetenv("OMP_PROC_BIND");
}

}  // namespace
}  // namespace triad::cpu
