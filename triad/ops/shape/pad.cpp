#include "triad/ops/shape/pad.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {
namespace {

/// The block of `shape` that begins at index `start` of `whole`.
Tensor block(const Tensor& whole, const Shape& start, const Shape& shape) {
  Tensor part = whole;
  for (int axis = 0; axis < whole.rank(); ++axis)
    part = views::slice(part, axis, start[axis], start[axis] + shape[axis]);
  return part;
}

}  // namespace

Tensor pad(const Tensor& x, std::span<const std::array<int64_t, 2>> padding, double value) {
  require<ShapeError>(static_cast<int>(padding.size()) == x.rank(), "pad", padding.size(),
                      " pairs of padding, expected ", x.rank(), ", one for each axis of shape ", x.shape());
  Shape start, shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto [before, after] = padding[static_cast<size_t>(axis)];
    require<ValueError>(before >= 0 && after >= 0, "pad", "padding of axis ", axis, " is {", before, ", ", after,
                        "}, expected no negative count", Hint{"take parts away with slice"});
    start.push_back(before);
    shape.push_back(before + x.shape()[axis] + after);
  }
  Tensor y = full(shape, value, x.dtype(), x.device());
  Tensor inner = block(y, start, x.shape());
  copy_into(inner, x.detach());
  const Shape x_shape = x.shape();
  return record("pad", {x}, y, {},
                [start, x_shape](const Backward& b) -> Gradients { return {block(b.dy(), start, x_shape)}; });
}

Tensor pad(const Tensor& x, std::initializer_list<std::array<int64_t, 2>> padding, double value) {
  return pad(x, std::span(padding.begin(), padding.size()), value);
}

namespace {

using Padding = std::vector<std::array<int64_t, 2>>;

/// Walks the elements of y and looks each one up in x.
Tensors naive(const Tensor& x, const Padding& padding, double value) {
  Shape shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto& [before, after] = padding[static_cast<size_t>(axis)];
    shape.push_back(before + x.shape()[axis] + after);
  }
  const auto values = x.to_vector<double>();
  std::vector<double> out(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), source = 0, scale = 1;
    bool inside = true;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      const int64_t index = rest % shape[axis] - padding[static_cast<size_t>(axis)][0];
      rest /= shape[axis];
      inside = inside && index >= 0 && index < x.shape()[axis];
      source += index * scale;
      scale *= x.shape()[axis];
    }
    out[i] = inside ? values[static_cast<size_t>(source)] : value;
  }
  return {from_values(out, shape)};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "pad",
              .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64},
              .no_derivative = {},
              .samples = {},
              .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, Padding padding, double value) {
      const double bytes = 8 * static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return {pad(in[0], padding, value)}; },
                    .reference = [=](std::span<const Tensor> in) { return naive(in[0], padding, value); },
                    .min_bytes = bytes};
    };
    return std::vector<Sample>{sample("one axis", make.normal({5}), {{2, 3}}, 0),
                               sample("images", make.normal({2, 3, 5, 7}), {{0, 0}, {0, 0}, {1, 1}, {2, 0}}, 0),
                               sample("a value", make.normal({3, 4}), {{1, 0}, {0, 2}}, -2),
                               sample("no padding", make.normal({3, 4}), {{0, 0}, {0, 0}}, 1),
                               sample("scalar", make.normal({}), {}, 1),
                               sample("nothing to pad", make.normal({0, 2}), {{1, 1}, {0, 0}}, 4),
                               sample("hostile values", make.hostile({5, 6}), {{1, 1}, {0, 2}}, 4)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"count", [] { pad(zeros({2, 3}), {{1, 1}}); },
         "pad: 1 pairs of padding, expected 2, one for each axis of shape [2, 3]"},
        {"negative", [] { pad(zeros({2}), {{1, -1}}); },
         "pad: padding of axis 0 is {1, -1}, expected no negative count\n  hint: take parts away with slice"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
