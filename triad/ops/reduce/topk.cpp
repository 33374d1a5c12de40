#include "triad/ops/reduce/topk.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/index/scatter_add.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<TopKForward> topk_forward{"topk"};

TopK topk(const Tensor& x, int64_t k) {
  require<ShapeError>(x.rank() > 0, "topk", "x has no axes, expected at least one");
  const int64_t n = x.size(-1);
  require<ValueError>(k >= 0 && k <= n, "topk", "k is ", k, ", expected 0 to ", n, ", the last extent of ", x.shape());
  Shape shape = x.shape();
  shape.back() = k;
  const int64_t rows = n == 0 ? 0 : x.numel() / n;
  Tensor values = empty(shape, x.dtype(), x.device()), indices = empty(shape, DType::i64, x.device());
  const Tensor x_rows = *views::reshape(contiguous(x.detach()), {rows, n});
  Tensor value_rows = *views::reshape(values, {rows, k}), index_rows = *views::reshape(indices, {rows, k});
  topk_forward(x.device(), {x_rows, value_rows, index_rows});
  const Shape x_shape = x.shape();
  const Tensor inputs[] = {x}, saved[] = {indices};
  const Tensors out = record("topk", inputs, {values, indices}, saved, [x_shape](const Backward& b) -> Gradients {
    const Tensor dy = b.dy();
    return {scatter_add(zeros(x_shape, dy.dtype(), dy.device()), -1, b.saved(0), dy)};
  });
  return {out[0], out[1]};
}

namespace {

/// Sorts whole rows.
Tensors naive(const Tensor& x, int64_t k) {
  const auto v = x.to_vector<double>();
  const int64_t n = x.size(-1), rows = n == 0 ? 0 : x.numel() / n;
  std::vector<double> values;
  std::vector<int64_t> indices;
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), row * n);
    const auto rank = [&](int64_t i) {
      return std::isnan(v[static_cast<size_t>(i)]) ? HUGE_VAL : v[static_cast<size_t>(i)];
    };
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return rank(a) > rank(b); });
    for (int64_t i = 0; i < k; ++i) {
      values.push_back(v[static_cast<size_t>(order[static_cast<size_t>(i)])]);
      indices.push_back(order[static_cast<size_t>(i)] - row * n);
    }
  }
  Shape shape = x.shape();
  shape.back() = k;
  return {from_values(values, shape), from_values(indices, shape)};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "topk",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64},
              .no_derivative = {},
              .samples = {},
              .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, int64_t k, bool smooth = true) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors {
                      const TopK top = topk(in[0], k);
                      return {top.values, top.indices};
                    },
                    .reference = [=](std::span<const Tensor> in) { return naive(in[0], k); },
                    .check_gradient = smooth,
                    .min_bytes = 4 * n};
    };
    return std::vector<Sample>{sample("some", make.distinct({3, 17}), 5),
                               sample("one", make.distinct({2, 3, 7}), 1),
                               sample("all", make.distinct({2, 9}), 9),
                               sample("long rows", make.normal({3, 5000}), 10, false),
                               sample("ties: the first", full({2, 6}, 1, DType::f64), 3, false),
                               sample("NaN first", from_values({1.0, std::nan(""), 3.0, std::nan("")}, {4}), 3, false),
                               sample("none", make.normal({2, 3}), 0),
                               sample("empty batch", make.normal({0, 3}), 2)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"k", [] { topk(zeros({2, 3}), 4); }, "topk: k is 4, expected 0 to 3, the last extent of [2, 3]"},
        {"scalar", [] { topk(zeros({}), 1); }, "topk: x has no axes, expected at least one"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
