#include "triad/ops/reduce/sum.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

constinit KernelTable<SumForward> sum_forward{"sum"};

namespace {

/// The sum in `dtype`: that of x or the accumulation dtype.
Tensor sum_as(DType dtype, const Tensor& x, const Axes& axes_in, bool keep) {
  const Axes axes = normalize_axes("sum", axes_in, x.rank());
  Tensor y = empty(reduced_shape(x.shape(), axes, false), dtype, x.device());
  if (axes.empty()) copy_into(y, x.detach());
  else sum_forward(x.device(), {x, axes, y});
  const DType x_dtype = x.dtype();
  const Shape x_shape = x.shape(), kept = reduced_shape(x_shape, axes, true);
  if (keep) y = *views::reshape(y, kept);
  return record("sum", {x}, y, {}, [x_dtype, x_shape, kept](const Backward& b) -> Gradients {
    return {views::expand(cast(reshape(b.dy(), kept), x_dtype), x_shape)};
  });
}

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keep) {
  return sum_as(is_floating(x.dtype()) ? x.dtype() : DType::i64, x, axes, keep);
}

Tensor wide_sum(const Tensor& x, const Axes& axes, bool keep) {
  return sum_as(accumulation_dtype(x.dtype()), x, axes, keep);
}

Tensor mean(const Tensor& x, const Axes& axes, bool keep) {
  check_floating("mean", "x", x);
  double count = 1;
  for (const int64_t axis : normalize_axes("mean", axes, x.rank()))
    count *= static_cast<double>(x.size(static_cast<int>(axis)));
  return cast(wide_sum(x, axes, keep) / count, x.dtype());
}

Tensor sum_to_shape(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int added = x.rank() - shape.rank();
  Axes axes;
  for (int i = 0; i < x.rank(); ++i) {
    if (i < added || (shape[i - added] == 1 && x.shape()[i] != 1)) axes.push_back(i);
  }
  return reshape(axes.empty() ? x : sum(x, axes), shape);
}

namespace {

/// In f64, one element after the other.
Tensors naive_sum(const Tensor& x, const Axes& axes_in, bool keep, bool divide) {
  const Axes axes = normalize_axes("sum", axes_in, x.rank());
  const Shape kept = reduced_shape(x.shape(), axes, true);
  std::vector<double> out(static_cast<size_t>(kept.numel()));
  const std::vector<double> values = x.to_vector<double>();
  const Strides kept_strides = contiguous_strides(kept);
  for (int64_t i = 0; i < x.numel(); ++i) {
    int64_t rest = i, target = 0;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      const int64_t index = rest % x.shape()[axis];
      rest /= x.shape()[axis];
      if (kept[axis] != 1) target += index * kept_strides[axis];
    }
    out[static_cast<size_t>(target)] += values[static_cast<size_t>(i)];
  }
  if (divide)
    for (double& v : out) v /= static_cast<double>(x.numel()) / static_cast<double>(kept.numel());
  return {from_values(out, reduced_shape(x.shape(), axes, keep))};
}

template <Tensor (*op)(const Tensor&, const Axes&, bool), bool divide>
OpSpec reduce_spec(std::string_view name) {
  OpSpec spec{.name = name, .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, Axes axes, bool keep) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {op(in[0], axes, keep)}; },
                    .reference = [=](std::span<const Tensor> in) { return naive_sum(in[0], axes, keep, divide); },
                    .flops = n,
                    .min_bytes = 4 * n};
    };
    return std::vector<Sample>{
        sample("all axes", make.normal({3, 4, 5}), {}, false),
        sample("last axis", make.normal({7, 33}), {-1}, false),
        sample("first axis, kept", make.normal({33, 7}), {0}, true),
        sample("middle axis", make.normal({3, 5, 4}), {1}, false),
        sample("outer axes", make.normal({3, 5, 4}), {0, 2}, true),
        sample("long column", make.normal({1300, 3}), {0}, false),
        sample("long row", make.normal({2, 5000}, 1, 0.1), {1}, false),
        sample("100000 elements, too many for f16, of a sum too large for it", make.normal({100000}, 1, 3), {}, false),
        sample("wide rows", make.normal({70, 3000}), {0}, false),
        sample("axis of one", make.normal({3, 1, 2}), {1}, false),
        sample("scalar", make.normal({}), {}, false),
        sample("NaN, infinities and their differences", make.hostile({9, 33}), {0}, false),
        sample("hostile rows among others", make.hostile({40, 3}), {1}, true),
        sample("rows of nothing", make.normal({3, 0}), {1}, false),
        sample("no rows", make.normal({0, 3}), {1}, false),
        sample("nothing at all", make.normal({0, 3}), {}, false)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"axis", [] { op(zeros({2, 3}), {2}, false); },
                                     str(divide ? "mean" : "sum", ": axis 2 does not exist in a tensor of 2 axes")}};
  };
  return spec;
}

const RegisterOp registered_sum([] { return reduce_spec<sum, false>("sum"); });
const RegisterOp registered_mean([] { return reduce_spec<mean, true>("mean"); });

}  // namespace
}  // namespace triad::ops
