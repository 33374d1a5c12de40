#include "triad/core/cpu/gemm.h"

#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include "triad/core/base/philox.h"
#include "triad/core/cpu/packed_matrix.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/comparison.h"

namespace triad::cpu {
namespace {

Tensor random(const Shape& shape, DType dtype, uint64_t seed) {
  RandomStream stream(RandomKey{.seed = seed});
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (double& v : values) v = stream.normal();
  return clone_as(from_values(values, shape), dtype);
}

/// A [batch…, rows, columns] in memory as `layout` says: 'n' row by row, 't' column by column, 'g' rows with gaps.
Tensor random_matrix(const Shape& batch, int64_t rows, int64_t columns, char layout, DType dtype, uint64_t seed) {
  Shape shape = batch;
  shape.push_back(layout == 't' ? columns : rows);
  shape.push_back(layout == 't' ? rows : layout == 'g' ? columns + 3 : columns);
  const Tensor t = random(shape, dtype, seed);
  return layout == 't' ? views::transpose(t, -2, -1) : layout == 'g' ? views::slice(t, -1, 2, columns + 2) : t;
}

GemmOperand operand(const Tensor& t) {
  const Strides& s = t.strides();
  return {t.raw_data(), s[t.rank() - 2], s[t.rank() - 1], Strides(std::span(s.begin(), s.end() - 2))};
}

struct Case {
  Shape batch;
  int64_t rows, columns, inner;
  char a_layout = 'n', b_layout = 'n';
  DType dtype = DType::f32, c_dtype = DType::f32;
  bool accumulate = false, bias = false;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.batch << " " << c.rows << "x" << c.columns << "x" << c.inner << " " << c.a_layout << c.b_layout << " "
             << c.dtype << "->" << c.c_dtype << (c.accumulate ? " accumulate" : "") << (c.bias ? " bias" : "");
}

/// C of a case with random operands; the same ones on every call.
Tensor product(const Case& c) {
  const Tensor a = random_matrix(c.batch, c.rows, c.inner, c.a_layout, c.dtype, 1);
  const Tensor b = random_matrix(c.batch, c.inner, c.columns, c.b_layout, c.dtype, 2);
  const Tensor bias = random({c.columns}, c.c_dtype, 3);
  Shape shape = c.batch;
  shape.push_back(c.rows);
  shape.push_back(c.columns);
  Tensor out = c.accumulate ? random(shape, c.c_dtype, 4) : full(shape, std::nan(""), c.c_dtype);
  gemm({.dtype = c.dtype,
        .c_dtype = c.c_dtype,
        .rows = c.rows,
        .columns = c.columns,
        .inner = c.inner,
        .a = operand(a),
        .b = operand(b),
        .c = out.mutable_raw_data(),
        .c_row = c.columns,
        .batch = c.batch,
        .c_batch = operand(out).batch,
        .accumulate = c.accumulate,
        .bias = c.bias ? bias.raw_data() : nullptr});
  return out;
}

void expect_right(const Case& c) {
  const auto a = random_matrix(c.batch, c.rows, c.inner, c.a_layout, c.dtype, 1).to_vector<double>();
  const auto b = random_matrix(c.batch, c.inner, c.columns, c.b_layout, c.dtype, 2).to_vector<double>();
  const auto bias = random({c.columns}, c.c_dtype, 3).to_vector<double>();
  const auto got = product(c).to_vector<double>();
  const auto before = c.accumulate ? random({static_cast<int64_t>(got.size())}, c.c_dtype, 4).to_vector<double>()
                                   : std::vector<double>(got.size());
  const double result = c.c_dtype == DType::f64   ? 2e-14
                        : c.c_dtype == DType::f32 ? 1e-6
                        : c.c_dtype == DType::f16 ? 1e-3
                                                  : 8e-3;
  // Added one after the other, n products of normal numbers wander off by u n/sqrt(6), u = 2^-24 or 2^-53; four times that.
  const double sum = (c.c_dtype == DType::f64 ? 2e-16 : 1e-7) * static_cast<double>(c.inner);
  for (int64_t at = 0; at < static_cast<int64_t>(got.size()); ++at) {
    const int64_t j = at % c.columns, i = at / c.columns % c.rows, batch = at / c.columns / c.rows;
    double expected = before[static_cast<size_t>(at)] + (c.bias ? bias[static_cast<size_t>(j)] : 0);
    for (int64_t k = 0; k < c.inner; ++k)
      expected += a[static_cast<size_t>((batch * c.rows + i) * c.inner + k)] *
                  b[static_cast<size_t>((batch * c.inner + k) * c.columns + j)];
    const double allowed = result * (std::abs(expected) + 1) + sum;
    ASSERT_NEAR(got[static_cast<size_t>(at)], expected, allowed) << c << " element " << at;
  }
}

const std::pair<DType, DType> kTypes[] = {{DType::f32, DType::f32},   {DType::f64, DType::f64},
                                          {DType::bf16, DType::bf16}, {DType::bf16, DType::f32},
                                          {DType::f16, DType::f16},   {DType::f16, DType::f32}};

TEST(Gemm, EveryTypeAndLayoutAgreesWithTheSum) {
  for (const auto& [dtype, c_dtype] : kTypes) {
    for (const char a : {'n', 't', 'g'}) {
      for (const char b : {'n', 't', 'g'}) {
        for (const bool bias : {false, true}) {
          expect_right({{}, 13, 21, 34, a, b, dtype, c_dtype, false, bias});
          expect_right({{3}, 5, 18, 7, a, b, dtype, c_dtype, false, bias});
        }
        if (c_dtype == DType::f32 || c_dtype == DType::f64)
          expect_right({{2, 3}, 4, 17, 9, a, b, dtype, c_dtype, true, false});
        expect_right({{}, 1, 6, 5, a, b, dtype, c_dtype});
        expect_right({{}, 6, 1, 5, a, b, dtype, c_dtype});
        expect_right({{}, 6, 5, 1, a, b, dtype, c_dtype});
      }
    }
  }
}

TEST(Gemm, ALongInnerAxisOfATransposedOperandIsAddedUpInPieces) {
  for (const auto& [dtype, c_dtype] : kTypes) {
    expect_right({{}, 9, 10, 2500, 't', 'n', dtype, c_dtype, false, true});
    expect_right({{2}, 3, 4, 1025, 't', 't', dtype, c_dtype});
  }
  expect_right({{}, 9, 10, 2500, 't', 'n', DType::bf16, DType::f32, true});
}

TEST(Gemm, EmptyProducts) {
  expect_right({{}, 3, 4, 0});
  expect_right({{}, 3, 4, 0, 'n', 'n', DType::bf16, DType::f32, false, true});
  expect_right({{}, 3, 4, 0, 'n', 'n', DType::f64, DType::f64, true});
  expect_right({{0}, 3, 4, 5});
  expect_right({{}, 0, 4, 5});
  expect_right({{}, 3, 0, 5});
}

TEST(Gemm, BatchesStretch) {
  const Tensor a = views::expand(random({4, 1, 3, 5}, DType::f32, 1), {4, 2, 3, 5});
  const Tensor b = views::expand(random({1, 2, 5, 6}, DType::f32, 2), {4, 2, 5, 6});
  Tensor c = empty({4, 2, 3, 6}), expected = empty({4, 2, 3, 6});
  const Tensor a_dense = contiguous(a), b_dense = contiguous(b);
  for (const auto& [x, y, out] : {std::tuple{a, b, c}, std::tuple{a_dense, b_dense, expected}}) {
    Tensor to = out;
    gemm({.dtype = DType::f32,
          .c_dtype = DType::f32,
          .rows = 3,
          .columns = 6,
          .inner = 5,
          .a = operand(x),
          .b = operand(y),
          .c = to.mutable_raw_data(),
          .c_row = 6,
          .batch = {4, 2},
          .c_batch = operand(out).batch});
  }
  // Not bit for bit: a stretched operand may be given to another kernel than a dense one.
  const ops::Comparison same = ops::compare(c, expected, 1e-6);
  EXPECT_TRUE(same.passed) << same.message;
}

TEST(Gemm, BitsDoNotDependOnTheNumberOfThreads) {
  const int before = num_threads();
  std::vector<Case> cases;
  for (const DType dtype : {DType::f32, DType::bf16, DType::f64}) {
    const DType c = dtype == DType::f64 ? DType::f64 : DType::f32;
    for (const char a : {'n', 't'}) {
      cases.push_back({{}, 64, 64, 3000, a, 'n', dtype, c});
      cases.push_back({{}, 96, 96, 2500, a, 'n', dtype, c});
      cases.push_back({{}, 16, 16, 6000, a, 'n', dtype, c});
      cases.push_back({{}, 130, 70, 1030, a, 't', dtype, c});
      cases.push_back({{4}, 20, 30, 40, a, 't', dtype, c});
      cases.push_back({{}, 200, 150, 100, 'g', 'n', dtype, c});
    }
  }
  for (const Case& c : cases) {
    set_num_threads(1);
    const auto expected = product(c).to_vector<double>();
    for (const int threads : {2, 5}) {
      set_num_threads(threads);
      EXPECT_EQ(product(c).to_vector<double>(), expected) << c << " on " << threads << " threads";
    }
  }
  set_num_threads(before);
}

TEST(Gemm, SeveralThreadsMayCallAtOnce) {
  const Case c{{}, 33, 65, 40, 'n', 't'};
  const auto expected = product(c).to_vector<float>();
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) wrong += product(c).to_vector<float>() != expected;
    });
  }
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Gemm, InsideAParallelRegionItRunsOnTheCallingThread) {
  const Case c{{}, 33, 65, 1500, 't', 'n'};
  const auto expected = product(c).to_vector<float>();
  std::atomic<int> wrong{0};
  parallel_for(8, 1, [&](int64_t, int64_t) { wrong += product(c).to_vector<float>() != expected; });
  EXPECT_EQ(wrong, 0);
}

TEST(PackedMatrix, AgreesWithGemmForEveryNumberOfRows) {
  for (const auto& [dtype, c_dtype] : kTypes) {
    if (dtype == DType::f16) continue;
    for (const char layout : {'n', 't'}) {
      for (const auto& [inner, columns] : {std::pair<int64_t, int64_t>{40, 70}, {1, 1}, {128, 64}, {17, 33}}) {
        const Tensor b = random_matrix({}, inner, columns, layout, dtype, 2);
        const PackedMatrix packed(dtype, c_dtype, inner, columns, operand(b));
        for (const int64_t rows : {1, 2, 5, 16, 17}) {
          const auto expected = product({{}, rows, columns, inner, 'n', layout, dtype, c_dtype}).to_vector<double>();
          const Tensor a = random_matrix({}, rows, inner, 'n', dtype, 1);
          Tensor c = full({rows, columns}, std::nan(""), c_dtype);
          packed.multiply(rows, a.raw_data(), c.mutable_raw_data());
          const auto got = c.to_vector<double>();
          const double epsilon = c_dtype == DType::bf16 ? 8e-3 : 1e-6;
          for (size_t i = 0; i < got.size(); ++i)
            ASSERT_NEAR(got[i], expected[i], epsilon * (10 + std::abs(expected[i])))
                << dtype << " " << layout << " " << rows;
        }
      }
    }
  }
}

/// The LSTM gives the same bits on any number of threads because of this.
TEST(PackedMatrix, RowsAreIndependentWhereItSaysSo) {
  constexpr int64_t kRows = 16;
  int said_so = 0;
  for (const auto& [dtype, c_dtype] : kTypes) {
    if (dtype == DType::f16) continue;
    for (const auto& [inner, columns] : {std::pair<int64_t, int64_t>{128, 512}, {512, 128}, {300, 1200}, {1024, 256}}) {
      const Tensor b = random_matrix({}, inner, columns, 't', dtype, 2),
                   a = random_matrix({}, kRows, inner, 'n', dtype, 1);
      const PackedMatrix packed(dtype, c_dtype, inner, columns, operand(b));
      if (!packed.rows_are_independent()) continue;
      ++said_so;
      const auto first_rows = [&](int64_t rows) {
        Tensor c = full({rows, columns}, std::nan(""), c_dtype);
        packed.multiply(rows, a.raw_data(), c.mutable_raw_data());
        return c.to_vector<double>();
      };
      const auto all = first_rows(kRows);
      for (int64_t rows = 1; rows < kRows; ++rows) {
        const auto got = first_rows(rows);
        ASSERT_TRUE(std::equal(got.begin(), got.end(), all.begin())) << dtype << " " << inner << " " << rows;
      }
    }
  }
  if (said_so == 0) GTEST_SKIP() << "no packed products on this processor";
}

}  // namespace
}  // namespace triad::cpu
