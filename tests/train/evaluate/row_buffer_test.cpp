#include "triad/train/evaluate/row_buffer.h"

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"

namespace triad::train {
namespace {

TEST(RowBuffer, PutsRowsUnderEachOther) {
  RowBuffer buffer(5);
  EXPECT_FALSE(buffer.rows().defined());
  buffer.append(from_values<float>({1, 2, 3, 4}, {2, 2}));
  buffer.append(zeros({0, 2}));
  buffer.append(from_values<float>({5, 6}, {1, 2}));
  EXPECT_EQ(buffer.rows().shape(), (Shape{3, 2}));
  EXPECT_TRUE(buffer.rows().is_contiguous());
  EXPECT_EQ(buffer.rows().to_vector<float>(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(RowBuffer, HoldsWhatWasAgreedAndNoMore) {
  RowBuffer buffer(2);
  buffer.append(zeros({2, 3}));
  EXPECT_EQ(harness::message_of<ShapeError>([&] { buffer.append(zeros({1, 3})); }),
            "RowBuffer: 2 and 1 rows, expected at most 2");
}

}  // namespace
}  // namespace triad::train
