// What the specification of info_nce does not say: many tiles, all the way to the gradients, and memory.
#include "triad/ops/contrastive/info_nce.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "triad/autograd/autograd.h"
#include "triad/core/base/philox.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/norm/l2_normalize.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/comparison.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/logsumexp.h"

namespace triad::ops {
namespace {

/// Rows of length 1, as the encoders give them.
Tensor unit_rows(int64_t rows, int64_t width, uint64_t seed) {
  Tensor x = empty({rows, width});
  RandomStream random(RandomKey{.seed = seed});
  for (int64_t i = 0; i < x.numel(); ++i) x.mutable_data<float>()[i] = static_cast<float>(random.normal());
  return l2_normalize(x);
}

Tensor identities(int64_t rows, int64_t different, int64_t first = 0) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < rows; ++i) ids.push_back(first + i * 7 % different);
  return from_values(ids, {rows});
}

/// The definition with the matrix of all scores, on the tape.
Tensor dense(const Tensor& a, const Tensor& b, const Tensor& ids_a, const Tensor& ids_b, const Tensor& log_scale) {
  const Tensor scores = matmul(a, transpose(b, 0, 1)) * exp(log_scale);
  const Tensor match = equal(unsqueeze(ids_a, 1), unsqueeze(ids_b, 0));
  Tensor loss = zeros({}, a.dtype());
  for (const int64_t axis : {1, 0}) {
    std::vector<double> share;  // of an anchor's positives in the loss
    const std::vector<int64_t> counts = sum(match, {axis}).to_vector<int64_t>();
    const double anchors = static_cast<double>(std::ranges::count_if(counts, [](int64_t c) { return c > 0; }));
    std::vector<double> weights;
    for (const int64_t c : counts) {
      weights.push_back(c > 0 ? 0.5 / anchors : 0);
      share.push_back(c > 0 ? 0.5 / anchors / static_cast<double>(c) : 0);
    }
    const auto vector = [&](const std::vector<double>& v) {
      return clone_as(from_values(v, {std::ssize(v)}), a.dtype());
    };
    const Tensor positive = sum(where(match, scores, zeros({}, a.dtype())), {axis});
    loss = loss + sum(logsumexp(scores, {axis}) * vector(weights)) - sum(positive * vector(share));
  }
  return loss;
}

struct Result {
  Tensor loss, da, db, dlog_scale;
};

template <class Loss>
Result run(const Loss& loss_of, DType dtype, int64_t n, int64_t m, double temperature) {
  const Tensor a = requires_grad(clone_as(unit_rows(n, 40, 1), dtype)),
               b = requires_grad(clone_as(unit_rows(m, 40, 2), dtype));
  const Tensor log_scale = requires_grad(full({}, std::log(1 / temperature), dtype));
  const Tensor loss =
      loss_of(a, b, identities(n, n / 3), identities(m, m / 2, 5), log_scale);  // some anchors have no positive
  backward(loss);
  return {loss, grad(a), grad(b), grad(log_scale)};
}

double largest_difference(const Tensor& got, const Tensor& expected) {
  const std::vector<double> a = got.to_vector<double>(), b = expected.to_vector<double>();
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference = std::isnan(a[i]) ? HUGE_VAL : std::max(difference, std::abs(a[i] - b[i]));
    size = std::max(size, std::abs(b[i]));
  }
  return difference / size;
}

TEST(InfoNce, ManyTilesEqualTheDenseForm) {
  for (const auto& [n, m] : {std::pair<int64_t, int64_t>{150, 133}, {300, 257}, {48, 129}, {49, 128}}) {
    for (const double temperature : {1.0, 0.07}) {
      const Result exact = run(dense, DType::f64, n, m, temperature);
      for (const auto& [dtype, tolerance] : {std::pair{DType::f32, 1e-6}, {DType::f64, 1e-13}}) {
        const Result got = run(info_nce, dtype, n, m, temperature);
        EXPECT_LE(largest_difference(got.loss, exact.loss), tolerance) << n << " " << m << " " << temperature;
        EXPECT_LE(largest_difference(got.da, exact.da), 10 * tolerance) << n << " " << m << " " << temperature;
        EXPECT_LE(largest_difference(got.db, exact.db), 10 * tolerance) << n << " " << m << " " << temperature;
        EXPECT_LE(largest_difference(got.dlog_scale, exact.dlog_scale), 10 * tolerance)
            << n << " " << m << " " << temperature;
      }
    }
  }
}

TEST(InfoNce, NaNReachesTheLossFromARowWithoutPositivesToo) {
  const Tensor a = requires_grad(unit_rows(3, 8, 1)), ids_a = from_values<int64_t>({0, 1, 2}, {3});
  for (const int64_t rows : {4, 200}) {
    Tensor b = unit_rows(rows, 8, 2);
    b.mutable_data<float>()[(rows - 1) * 8 + 5] = std::nanf("");
    std::vector<int64_t> ids_b(static_cast<size_t>(rows));
    std::iota(ids_b.begin(), ids_b.end(), 0);
    const Tensor loss = info_nce(a, b, ids_a, from_values(ids_b, {rows}), full({}, 1));
    EXPECT_TRUE(std::isnan(loss.item())) << rows << " rows";
    set_grad(a, {});
    backward(loss);
    EXPECT_TRUE(std::isnan(grad(a).to_vector<float>()[0])) << rows << " rows";
  }
}

TEST(InfoNce, MemoryGrowsWithTheRowsNotWithTheirSquare) {
  const auto peak = [](int64_t rows) {
    const Tensor a = requires_grad(unit_rows(rows, 32, 1)), b = requires_grad(unit_rows(rows, 32, 2));
    const Tensor ids = identities(rows, rows), log_scale = requires_grad(full({}, 1));
    Allocator& memory = allocator(kCpu);
    memory.reset_peak();
    const size_t before = memory.stats().in_use;
    backward(info_nce(a, b, ids, ids, log_scale));
    return static_cast<double>(memory.stats().peak_in_use - before);
  };
  const double once = peak(2048), twice = peak(4096);
  EXPECT_LT(twice, 2.1 * once);
  EXPECT_LT(twice, 4096.0 * 4096 * sizeof(float) / 8) << "a matrix of scores";
}

}  // namespace
}  // namespace triad::ops
