#include "triad/core/device/device.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/core/device/allocator.h"
#include "triad/core/device/memory.h"

namespace triad {
namespace {

using harness::message_of;

TEST(Device, IsComparedAndPrinted) {
  EXPECT_EQ(kCpu, (Device{DeviceType::cpu, 0}));
  EXPECT_NE(kCpu, (Device{DeviceType::cuda, 0}));
  EXPECT_EQ(str(kCpu, " ", Device{DeviceType::cuda, 3}), "cpu cuda:3");
}

TEST(Device, ABackendThatIsNotThereIsNamed) {
  const Device cuda{DeviceType::cuda, 0};
  if (message_of<DeviceError>([&] { memory_ops(cuda); }) == "nothing was thrown") GTEST_SKIP() << "this build has CUDA";
  EXPECT_EQ(message_of<DeviceError>([&] { memory_ops(cuda); }),
            "device: cuda:0 is not available: no CUDA backend in this build");
  EXPECT_EQ(message_of<DeviceError>([&] { allocator(cuda); }),
            "device: cuda:0 is not available: no CUDA backend in this build");
}

/// Hands out memory of its own and counts.
struct CountingAllocator : Allocator {
  void* allocate(size_t bytes) override {
    ++allocations;
    return ::operator new(bytes, std::align_val_t(64));
  }
  void deallocate(void* data, size_t) noexcept override {
    --allocations;
    ::operator delete(data, std::align_val_t(64));
  }
  MemoryStats stats() const override { return {}; }
  void reset_peak() override {}
  void release_cached() noexcept override {}
  int allocations = 0;
};

TEST(Device, TheCurrentAllocatorCanBeExchanged) {
  CountingAllocator counting;
  Allocator* before = exchange_allocator(DeviceType::cpu, &counting);
  void* data = allocator(kCpu).allocate(10);
  EXPECT_EQ(exchange_allocator(DeviceType::cpu, before), &counting);
  EXPECT_EQ(counting.allocations, 1);
  counting.deallocate(data, 10);
  EXPECT_EQ(&allocator(kCpu), before);
}

TEST(Memory, FillsStridedBlocksAndLeavesTheGaps) {
  std::vector<float> data(12, -1);
  memory_ops(kCpu).fill({data.data() + 1, DType::f32, {2, 2}, {6, 2}}, 3);
  EXPECT_EQ(data, (std::vector<float>{-1, 3, -1, 3, -1, -1, -1, 3, -1, 3, -1, -1}));
}

TEST(Memory, AccumulatesInPlaceFromStretchedBlocks) {
  std::vector<float> out = {1, 2, 3, 4}, in = {10, 20};
  memory_ops(kCpu).accumulate({out.data(), DType::f32, {2, 2}, {2, 1}},
                              ConstMemoryView(in.data(), DType::f32, {2, 2}, {0, 1}));
  EXPECT_EQ(out, (std::vector<float>{11, 22, 13, 24}));
}

TEST(Memory, AccumulatesSixteenBitsInFloatAndRoundsOnce) {
  BFloat16 out(256.0f), in(1.5f);  // bf16 has steps of 2 at 256: the sum 257.5 rounds to 258
  memory_ops(kCpu).accumulate({&out, DType::bf16, {}, {}}, ConstMemoryView(&in, DType::bf16, {}, {}));
  EXPECT_EQ(static_cast<float>(out), 258.0f);
}

TEST(Memory, IntegersAreNotAccumulated) {
  int64_t out = 1, in = 1;
  EXPECT_EQ(message_of<DTypeError>([&] {
              memory_ops(kCpu).accumulate({&out, DType::i64, {}, {}}, ConstMemoryView(&in, DType::i64, {}, {}));
            }),
            "accumulate: expected a floating dtype, got i64");
}

}  // namespace
}  // namespace triad
