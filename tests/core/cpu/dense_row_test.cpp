#include "triad/core/cpu/dense_row.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "triad/core/base/half.h"

namespace triad::cpu {
namespace {

// Whole vectors and the rest of a row; what lies behind it stays.
TEST(DenseRow, ConvertsAndAddsAsOneElementAtATime) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const int64_t n : {0, 1, 15, 16, 37}) {
    std::vector<float> from;
    for (int64_t i = 0; i < 40; ++i) from.push_back(1.0f / static_cast<float>(i + 3) - 0.1f);
    from[5] = kInfinity;
    from[20] = std::numeric_limits<float>::quiet_NaN();
    std::vector<BFloat16> narrow(40, BFloat16(7.0f));
    convert_row(DType::bf16, narrow.data(), DType::f32, from.data(), n);
    std::vector<float> sum(40, 1.0f);
    accumulate_row(DType::f32, sum.data(), DType::bf16, narrow.data(), n);
    std::vector<Float16> halves(40, Float16(0.5f));
    accumulate_row(DType::f16, halves.data(), DType::f32, from.data(), n);
    for (int64_t at = 0; at < 40; ++at) {
      const auto i = static_cast<size_t>(at);
      const bool inside = at < n;
      EXPECT_EQ(narrow[i].bits, inside ? BFloat16(from[i]).bits : BFloat16(7.0f).bits) << n << " " << at;
      const float expected = inside ? 1.0f + BFloat16(from[i]) : 1.0f;
      if (expected == expected) EXPECT_EQ(sum[i], expected) << n << " " << at;
      else EXPECT_NE(sum[i], sum[i]);
      const Float16 half = inside ? Float16(0.5f + from[i]) : Float16(0.5f);
      EXPECT_EQ(halves[i].bits, half.bits) << n << " " << at;
    }
  }
}

}  // namespace
}  // namespace triad::cpu
