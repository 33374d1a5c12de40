#include "triad/ops/reduce/prod.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

constinit KernelTable<ProdForward> prod_forward{"prod"};

namespace {

/// The product of all other elements, for each element of x. With P the product of what is not zero: P / x where there
/// is no zero, P at the zero where there is one, and 0 elsewhere.
Tensor product_of_others(const Tensor& x, const Axes& axes) {
  const Tensor zero = zeros({}, x.dtype(), x.device()), one = full({}, 1, x.dtype(), x.device());
  const Tensor is_zero = equal(x, zero);
  const Tensor count = sum(is_zero, axes, true);
  const Tensor nonzero = where(is_zero, one, x);
  const Tensor p = prod(nonzero, axes, true);
  const Tensor none = equal(count, full({}, 0, DType::i64, x.device()));
  const Tensor single = equal(count, full({}, 1, DType::i64, x.device()));
  return where(none, p / nonzero, where(logical_and(single, is_zero), p, zero));
}

}  // namespace

Tensor prod(const Tensor& x, const Axes& axes_in, bool keep) {
  const Axes axes = normalize_axes("prod", axes_in, x.rank());
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::i64;
  const Shape kept = reduced_shape(x.shape(), axes, true);
  Tensor y = empty(reduced_shape(x.shape(), axes, false), dtype, x.device());
  if (axes.empty()) copy_into(y, x.detach());
  else prod_forward(x.device(), {x, axes, y});
  if (keep) y = *views::reshape(y, kept);
  return record("prod", {x}, y, {x}, [axes, kept](const Backward& b) -> Gradients {
    const DType wide = accumulation_dtype(b.saved(0).dtype());
    const Tensor others = product_of_others(cast(b.saved(0), wide), axes);
    return {cast(others * cast(reshape(b.dy(), kept), wide), b.saved(0).dtype())};
  });
}

namespace {

Tensors naive(const Tensor& x, const Axes& axes_in, bool keep) {
  const Axes axes = normalize_axes("prod", axes_in, x.rank());
  const Shape kept = reduced_shape(x.shape(), axes, true);
  std::vector<double> out(static_cast<size_t>(kept.numel()), 1.0);
  const std::vector<double> values = x.to_vector<double>();
  const Strides kept_strides = contiguous_strides(kept);
  for (int64_t i = 0; i < x.numel(); ++i) {
    int64_t rest = i, target = 0;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      const int64_t index = rest % x.size(axis);
      rest /= x.size(axis);
      if (kept[axis] != 1) target += index * kept_strides[axis];
    }
    out[static_cast<size_t>(target)] *= values[static_cast<size_t>(i)];
  }
  return {from_values(out, reduced_shape(x.shape(), axes, keep))};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "prod",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64},
              .no_derivative = {},
              .samples = {},
              .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, Axes axes, bool keep) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {prod(in[0], axes, keep)}; },
                    .reference = [=](std::span<const Tensor> in) { return naive(in[0], axes, keep); },
                    .flops = n,
                    .min_bytes = 4 * n};
    };
    Sample nan = sample("NaN", from_values({1.0, std::nan(""), 0.0, 2.0}, {2, 2}), {1}, false);
    nan.check_gradient = false;
    return std::vector<Sample>{
        sample("all axes", make.uniform({2, 3, 2}, 0.5, 1.5), {}, false),
        sample("last axis", make.uniform({7, 17}, 0.7, 1.4), {-1}, false),
        sample("first axis, kept", make.uniform({17, 7}, 0.7, 1.4), {0}, true),
        sample("outer axes", make.uniform({3, 5, 4}, -1.5, 1.5), {0, 2}, true),
        sample("one zero and two", from_values({2.0, 0.0, 3.0, 0.0, 0.0, 5.0}, {2, 3}), {1}, false),
        sample("axis of one", make.normal({3, 1, 2}), {1}, false),
        sample("nothing to multiply", make.normal({2, 0}), {1}, false),
        sample("scalar", make.normal({}), {}, false),
        nan};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"axis", [] { prod(zeros({2, 3}), {2}); }, "prod: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
