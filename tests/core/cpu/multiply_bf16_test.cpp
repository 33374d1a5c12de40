#include "triad/core/cpu/multiply_bf16.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "triad/core/base/half.h"
#include "triad/core/base/philox.h"

namespace triad::cpu {
namespace {

uint32_t pair(float first, float second) {
  return BFloat16(first).bits | static_cast<uint32_t>(BFloat16(second).bits) << 16;
}
float half_of(uint32_t word, int64_t which) {
  BFloat16 value;
  value.bits = static_cast<uint16_t>(which == 0 ? word : word >> 16);
  return value;
}

std::vector<uint32_t> random_pairs(int64_t count, uint64_t seed) {
  RandomStream stream({.seed = seed});
  std::vector<uint32_t> words;
  for (int64_t i = 0; i < count; ++i)
    words.push_back(pair(static_cast<float>(stream.normal()), static_cast<float>(stream.normal())));
  return words;
}

TEST(MultiplyBF16, AddsUpPairsInEveryTile) {
  if (!has_bf16_pairs()) GTEST_SKIP() << "no dot products of bf16 pairs on this processor";
  for (const int64_t m : {1, 2, 5, 6, 13}) {
    for (const int64_t n : {16, 32, 48}) {
      for (const int64_t k : {1, 7}) {
        for (const bool transposed : {false, true}) {
          for (const bool accumulate : {false, true}) {
            const std::vector<uint32_t> a = random_pairs(m * k, 1), b = random_pairs(k * n, 2);
            const int64_t a_row = transposed ? 1 : k, a_column = transposed ? m : 1;
            std::vector<float> c(static_cast<size_t>(m * n), 3.0f);
            multiply_bf16(a.data(), a_row, a_column, b.data(), n, c.data(), n, m, k, n, accumulate);
            for (int64_t i = 0; i < m; ++i) {
              for (int64_t j = 0; j < n; ++j) {
                double expected = accumulate ? 3 : 0;
                for (int64_t p = 0; p < 2 * k; ++p)
                  expected +=
                      static_cast<double>(half_of(a[static_cast<size_t>(i * a_row + p / 2 * a_column)], p % 2)) *
                      half_of(b[static_cast<size_t>(p / 2 * n + j)], p % 2);
                ASSERT_NEAR(c[static_cast<size_t>(i * n + j)], expected, 1e-5) << m << " " << n << " " << k;
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace triad::cpu
