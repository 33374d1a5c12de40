#include "triad/ops/shape/concat.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/folded_shape.h"
#include "triad/ops/shape/reshape.h"

namespace triad::ops {

Tensor concat(std::span<const Tensor> xs, int64_t axis_in) {
  require<ShapeError>(!xs.empty(), "concat", "no tensors given, expected at least one");
  const Tensor& first = xs[0];
  const int axis = normalize_axis("concat", axis_in, first.rank());
  Shape shape = first.shape();
  shape[axis] = 0;
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < xs.size(); ++i) {
    const Tensor& x = xs[i];
    Shape beside = x.shape();
    if (axis < beside.rank()) beside[axis] = first.shape()[axis];
    require<ShapeError>(beside == first.shape(), "concat", "tensor ", i, " has shape ", x.shape(),
                        ", expected that of tensor 0, ", first.shape(), ", beside axis ", axis);
    check_same_dtype("concat", str("tensor ", i), x, first);
    check_same_device("concat", str("tensor ", i), x, first);
    sizes.push_back(x.size(axis));
    shape[axis] += x.size(axis);
  }
  Tensor y = empty(shape, first.dtype(), first.device());
  int64_t start = 0;
  for (const Tensor& x : xs) {
    Tensor part = views::slice(y, axis, start, start + x.size(axis));
    copy_into(part, x.detach());
    start += x.size(axis);
  }
  return record("concat", xs, {y}, {}, [axis, sizes](const Backward& b) -> Gradients {
    const Tensor dy = b.dy();
    Gradients parts;
    int64_t begin = 0;
    for (const int64_t size : sizes) {
      parts.push_back(views::slice(dy, axis, begin, begin + size));
      begin += size;
    }
    return parts;
  })[0];
}

std::vector<Tensor> split(const Tensor& x, std::span<const int64_t> sizes, int64_t axis_in) {
  const int axis = normalize_axis("split", axis_in, x.rank());
  int64_t total = 0;
  for (const int64_t size : sizes) {
    require<ValueError>(size >= 0, "split", "size ", size, " is negative");
    total += size;
  }
  require<ShapeError>(total == x.size(axis), "split", "the sizes add up to ", total, ", expected ", x.size(axis),
                      ", axis ", axis, " of shape ", x.shape());
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (const int64_t size : sizes) {
    parts.push_back(views::slice(x.detach(), axis, start, start + size));
    start += size;
  }
  const size_t count = parts.size();
  return record("split", std::span(&x, 1), std::move(parts), {}, [axis, count](const Backward& b) -> Gradients {
    Tensors dys;
    for (size_t i = 0; i < count; ++i) dys.push_back(b.dy(i));
    return {concat(dys, axis)};
  });
}

Tensor stack(std::span<const Tensor> xs, int64_t axis) {
  require<ShapeError>(!xs.empty(), "stack", "no tensors given, expected at least one");
  Tensors slices;
  for (size_t i = 0; i < xs.size(); ++i) {
    check_shape("stack", str("tensor ", i), xs[i], xs[0].shape());
    check_same_dtype("stack", str("tensor ", i), xs[i], xs[0]);
    check_same_device("stack", str("tensor ", i), xs[i], xs[0]);
    slices.push_back(unsqueeze(xs[i], axis));
  }
  return concat(slices, normalize_axis("stack", axis, xs[0].rank() + 1));
}

Tensor concat(std::initializer_list<Tensor> xs, int64_t axis) { return concat(std::span(xs.begin(), xs.size()), axis); }
Tensor stack(std::initializer_list<Tensor> xs, int64_t axis) { return stack(std::span(xs.begin(), xs.size()), axis); }
std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes, int64_t axis) {
  return split(x, std::span(sizes.begin(), sizes.size()), axis);
}

namespace {

const std::vector<DType> kMovedDTypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::boolean};

Tensors naive_concat(std::span<const Tensor> xs, int axis) {
  Shape shape = xs[0].shape();
  shape[axis] = 0;
  for (const Tensor& x : xs) shape[axis] += x.size(axis);
  const Shape folded = folded_around(shape, axis);
  std::vector<double> out;
  for (int64_t o = 0; o < folded[0]; ++o) {
    for (const Tensor& x : xs) {
      const auto values = x.to_vector<double>();
      const auto begin = values.begin() + o * x.size(axis) * folded[2];
      out.insert(out.end(), begin, begin + x.size(axis) * folded[2]);
    }
  }
  return {from_values(out, shape)};
}

Tensors naive_split(const Tensor& x, const std::vector<int64_t>& sizes, int axis) {
  const Shape folded = folded_around(x.shape(), axis);
  const auto values = x.to_vector<double>();
  Tensors parts;
  int64_t start = 0;
  for (const int64_t size : sizes) {
    std::vector<double> part;
    for (int64_t o = 0; o < folded[0]; ++o) {
      const auto begin = values.begin() + (o * folded[1] + start) * folded[2];
      part.insert(part.end(), begin, begin + size * folded[2]);
    }
    Shape shape = x.shape();
    shape[axis] = size;
    parts.push_back(from_values(part, shape));
    start += size;
  }
  return parts;
}

double moved_bytes(const Tensors& inputs) {
  double elements = 0;
  for (const Tensor& t : inputs) elements += static_cast<double>(t.numel());
  return 8 * elements;
}

const RegisterOp registered_concat([] {
  OpSpec spec{.name = "concat", .dtypes = kMovedDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensors xs, int axis) {
      const double bytes = moved_bytes(xs);
      return Sample{.label = std::move(label),
                    .inputs = std::move(xs),
                    .run = [axis](std::span<const Tensor> in) -> Tensors { return {concat(in, axis)}; },
                    .reference = [axis](std::span<const Tensor> in) { return naive_concat(in, axis); },
                    .min_bytes = bytes};
    };
    Sample last = sample("last axis, counted from the end", {make.normal({2, 3}), make.normal({2, 5})}, 1);
    last.run = [](std::span<const Tensor> in) -> Tensors { return {concat(in, -1)}; };
    std::vector<Sample> samples = {
        sample("first axis", {make.normal({2, 3}), make.normal({4, 3})}, 0),
        last,
        sample("middle axis, three", {make.normal({2, 1, 7}), make.normal({2, 3, 7}), make.normal({2, 2, 7})}, 1),
        sample("one tensor", {make.normal({3, 2})}, 0),
        sample("an empty tensor between", {make.normal({2, 2}), make.normal({2, 0}), make.normal({2, 1})}, 1),
        sample("empty batch", {make.normal({0, 3}), make.normal({0, 2})}, 1),
        sample("hostile values", {make.hostile({4, 5}), make.hostile({2, 5})}, 0)};
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"nothing", [] { concat(std::span<const Tensor>(), 0); }, "concat: no tensors given, expected at least one"},
        {"extent", [] { concat({zeros({2, 3}), zeros({3, 3})}, 1); },
         "concat: tensor 1 has shape [3, 3], expected that of tensor 0, [2, 3], beside axis 1"},
        {"rank", [] { concat({zeros({2, 3}), zeros({3})}, 1); },
         "concat: tensor 1 has shape [3], expected that of tensor 0, [2, 3], beside axis 1"},
        {"axis", [] { concat({zeros({2})}, 1); }, "concat: axis 1 does not exist in a tensor of 1 axes"},
        {"dtype", [] { concat({zeros({2}), zeros({2}, DType::f64)}, 0); },
         "concat: tensor 1 is f64, expected f32\n  hint: convert with ops::cast"}};
  };
  return spec;
});

const RegisterOp registered_split([] {
  OpSpec spec{
      .name = "split", .dtypes = kMovedDTypes, .no_derivative = {}, .samples = {}, .errors = {}, .is_view = true};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x, std::vector<int64_t> sizes, int axis) {
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [=](std::span<const Tensor> in) -> Tensors { return split(in[0], sizes, axis); },
                    .reference = [=](std::span<const Tensor> in) { return naive_split(in[0], sizes, axis); }};
    };
    Sample unused = sample("only the middle part used", make.normal({2, 6}), {1, 3, 2}, 1);
    unused.run = [](std::span<const Tensor> in) -> Tensors { return {split(in[0], {1, 3, 2}, 1)[1]}; };
    unused.reference = [](std::span<const Tensor> in) -> Tensors { return {naive_split(in[0], {1, 3, 2}, 1)[1]}; };
    return std::vector<Sample>{sample("first axis", make.normal({5, 3}), {2, 3}, 0),
                               sample("middle axis, three", make.normal({2, 6, 3}), {1, 3, 2}, 1),
                               sample("one part", make.normal({3, 2}), {2}, 1),
                               sample("an empty part", make.normal({3, 2}), {0, 3}, 0),
                               sample("empty batch", make.normal({0, 4}), {3, 1}, 1),
                               sample("hostile values", make.hostile({6, 5}), {2, 4}, 0),
                               unused};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"sum", [] { split(zeros({2, 5}), {2, 2}, 1); },
                                     "split: the sizes add up to 4, expected 5, axis 1 of shape [2, 5]"},
                                    {"negative", [] { split(zeros({5}), {6, -1}, 0); }, "split: size -1 is negative"}};
  };
  return spec;
});

const RegisterOp registered_stack([] {
  OpSpec spec{.name = "stack", .dtypes = kMovedDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensors xs, int axis) {
      const double bytes = moved_bytes(xs);
      return Sample{.label = std::move(label),
                    .inputs = std::move(xs),
                    .run = [axis](std::span<const Tensor> in) -> Tensors { return {stack(in, axis)}; },
                    .reference =
                        [axis](std::span<const Tensor> in) {
                          const int at = axis < 0 ? axis + in[0].rank() + 1 : axis;
                          Tensors wide;
                          for (const Tensor& x : in) {
                            Shape shape = x.shape();
                            shape.insert(at, 1);
                            wide.push_back(from_values(x.to_vector<double>(), shape));
                          }
                          return naive_concat(wide, at);
                        },
                    .min_bytes = bytes};
    };
    return std::vector<Sample>{
        sample("in front", {make.normal({2, 3}), make.normal({2, 3})}, 0),
        sample("at the end", {make.normal({2, 3}), make.normal({2, 3}), make.normal({2, 3})}, -1),
        sample("scalars", {make.normal({}), make.normal({})}, 0),
        sample("empty", {make.normal({0, 2}), make.normal({0, 2})}, 1),
        sample("hostile values", {make.hostile({4, 5}), make.hostile({4, 5})}, 1)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"nothing", [] { stack(std::span<const Tensor>(), 0); }, "stack: no tensors given, expected at least one"},
        {"shape", [] { stack({zeros({2}), zeros({3})}, 0); }, "stack: tensor 1 has shape [3], expected [2]"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
