#include "triad/core/cpu/strided.h"

#include <mutex>
#include <set>

#include <gtest/gtest.h>

namespace triad::cpu {
namespace {

/// Pairs of offsets the loop visits; each must be visited once.
std::multiset<std::pair<int64_t, int64_t>> visited(const StridedLoop<2>& loop) {
  std::mutex mutex;
  std::multiset<std::pair<int64_t, int64_t>> out;
  loop.for_each_row([&](const auto& offsets, int64_t n) {
    const std::lock_guard lock(mutex);
    for (int64_t i = 0; i < n; ++i)
      out.emplace(offsets[0] + i * loop.row_stride(0), offsets[1] + i * loop.row_stride(1));
  });
  return out;
}

/// The same by counting through all indices.
std::multiset<std::pair<int64_t, int64_t>> expected(const Shape& shape, const Strides& a, const Strides& b) {
  std::multiset<std::pair<int64_t, int64_t>> out;
  for (int64_t i = 0; i < shape.numel(); ++i) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      at_a += rest % shape[axis] * a[axis];
      at_b += rest % shape[axis] * b[axis];
      rest /= shape[axis];
    }
    out.emplace(at_a, at_b);
  }
  return out;
}

TEST(StridedLoop, VisitsEveryElementOfBothBlocksTogether) {
  const struct {
    Shape shape;
    Strides a, b;
  } cases[] = {
      {{2, 3, 4}, {12, 4, 1}, {12, 4, 1}},  // dense: one row
      {{2, 3, 4}, {12, 4, 1}, {1, 2, 6}},   // against a permutation
      {{2, 3, 4}, {12, 4, 1}, {0, 1, 0}},   // against something stretched
      {{5, 1, 7}, {7, 99, 1}, {14, 3, 2}},  // axes of 1 have any stride
      {{3, 0, 2}, {0, 2, 1}, {0, 2, 1}},    // nothing
      {{}, {}, {}},                         // a scalar
      {{1, 1}, {5, 5}, {3, 3}},             // one element
      {{70000}, {2}, {1}},                  // one long row, cut into pieces
      {{300, 200}, {200, 1}, {1, 300}},     // many rows
  };
  for (const auto& c : cases)
    EXPECT_EQ(visited(StridedLoop<2>(c.shape, {c.a, c.b})), expected(c.shape, c.a, c.b)) << c.shape;
}

TEST(StridedLoop, MergesAxesThatAreDenseInEveryBlock) {
  const StridedLoop<2> dense({2, 3, 4}, {Strides{12, 4, 1}, Strides{12, 4, 1}});
  EXPECT_EQ(dense.shape, (Shape{24}));
  const StridedLoop<2> half({2, 3, 4}, {Strides{12, 4, 1}, Strides{24, 4, 1}});
  EXPECT_EQ(half.shape, (Shape{2, 12}));
  EXPECT_EQ(half.rows(), 2);
  EXPECT_EQ(half.row_stride(1), 1);
  const StridedLoop<2> stretched({2, 3}, {Strides{3, 1}, Strides{0, 0}});
  EXPECT_EQ(stretched.shape, (Shape{6}));
  EXPECT_EQ(stretched.row_stride(1), 0);
}

}  // namespace
}  // namespace triad::cpu
