#include "triad/core/cpu/pool_allocator.h"

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::cpu {
namespace {

TEST(PoolAllocator, AFreedBlockIsHandedOutAgain) {
  PoolAllocator pool;
  void* first = pool.allocate(1000);
  pool.deallocate(first, 1000);
  EXPECT_EQ(pool.allocate(1020), first) << "same class";
  void* second = pool.allocate(1000);
  EXPECT_NE(second, first);
  EXPECT_EQ(pool.stats().system_calls, 2u);
  pool.deallocate(first, 1020);
  pool.deallocate(second, 1000);
}

TEST(PoolAllocator, ASteadyStepAsksTheSystemForNothing) {
  PoolAllocator pool;
  const auto step = [&] {
    std::vector<std::pair<void*, size_t>> blocks;
    for (size_t bytes = 1; bytes < (size_t{8} << 20); bytes = bytes * 3 + 1)
      blocks.emplace_back(pool.allocate(bytes), bytes);
    for (const auto& [data, bytes] : blocks) pool.deallocate(data, bytes);
  };
  step();
  const MemoryStats after_one = pool.stats();
  for (int i = 0; i < 50; ++i) step();
  EXPECT_EQ(pool.stats().system_calls, after_one.system_calls);
  EXPECT_EQ(pool.stats().reserved, after_one.reserved);
  EXPECT_EQ(pool.stats().in_use, 0u);
}

TEST(PoolAllocator, SizeClassesHoldTheRequestAndWasteLittle) {
  size_t before = 0;
  for (size_t bytes = 0; bytes < 300000; bytes += 37) {
    const size_t size = PoolAllocator::size_class(bytes);
    EXPECT_GE(size, bytes);
    EXPECT_GE(size, before) << "classes grow with the request";
    EXPECT_EQ(size % 64, 0u);
    if (bytes > 1024) {
      EXPECT_LT(static_cast<double>(size - bytes), 0.125 * static_cast<double>(bytes)) << bytes;
    }
    EXPECT_EQ(PoolAllocator::size_class(size), size) << "a class is its own class";
    before = size;
  }
}

TEST(PoolAllocator, BlocksAreAlignedAndDoNotOverlap) {
  PoolAllocator pool;
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  for (size_t bytes = 0; bytes < 5000; bytes += 321) {
    auto* data = static_cast<unsigned char*>(pool.allocate(bytes));
    EXPECT_NE(data, nullptr) << "0 bytes have an address too";
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
    std::memset(data, static_cast<int>(blocks.size()), bytes);
    blocks.emplace_back(data, bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t k = 0; k < blocks[i].second; ++k) ASSERT_EQ(blocks[i].first[k], i);
    pool.deallocate(blocks[i].first, blocks[i].second);
  }
}

TEST(PoolAllocator, PeakIsTheLargestUseSinceTheReset) {
  PoolAllocator pool;
  void* a = pool.allocate(1000);
  void* b = pool.allocate(500);
  pool.deallocate(a, 1000);
  EXPECT_EQ(pool.stats().in_use, 500u);
  EXPECT_EQ(pool.stats().peak_in_use, 1500u);
  pool.reset_peak();
  EXPECT_EQ(pool.stats().peak_in_use, 500u);
  pool.deallocate(b, 500);
}

TEST(PoolAllocator, ReleasedBlocksGoBackToTheSystem) {
  PoolAllocator pool;
  pool.deallocate(pool.allocate(100000), 100000);
  EXPECT_GT(pool.stats().reserved, 0u);
  pool.release_cached();
  EXPECT_EQ(pool.stats().reserved, 0u);
}

TEST(PoolAllocator, MemoryThatIsNotThereIsAnErrorWithAHint) {
  PoolAllocator pool;
  void* held = pool.allocate(64);
  for (const size_t bytes : {SIZE_MAX, SIZE_MAX / 2, size_t{1} << 60}) {
    EXPECT_EQ(harness::message_of<DeviceError>([&] { pool.allocate(bytes); }),
              str("cpu memory: cannot allocate ", bytes, " bytes; 64 are in use\n",
                  "  hint: reduce the batch size, or accumulate gradients over smaller batches"));
  }
  EXPECT_EQ(pool.stats().in_use, 64u) << "a refused request is not counted";
  pool.deallocate(held, 64);
}

TEST(PoolAllocator, ThreadsMayShareIt) {
  PoolAllocator pool;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 2000; ++i) {
        auto* data = static_cast<int*>(pool.allocate(sizeof(int)));
        *data = t;
        EXPECT_EQ(*data, t);
        pool.deallocate(data, sizeof(int));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.stats().in_use, 0u);
  EXPECT_LE(pool.stats().system_calls, 4u);
}

}  // namespace
}  // namespace triad::cpu
