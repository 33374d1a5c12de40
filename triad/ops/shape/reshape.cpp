#include "triad/ops/shape/reshape.h"

#include <algorithm>
#include <functional>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {
namespace {

/// zeros of `shape` into a part of which, chosen by `part`, dy is copied: the derivative of taking that part.
template <class Part>
Tensor embed(const Tensor& dy, const Shape& shape, const Part& part) {
  Tensor dx = zeros(shape, dy.dtype(), dy.device());
  Tensor target = part(dx);
  copy_into(target, dy);
  return dx;
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape_in) {
  const Shape shape = views::resolve_shape("reshape", shape_in, x.numel());
  if (shape == x.shape()) return x;
  std::optional<Tensor> view = views::reshape(x.detach(), shape);
  const Tensor y = view ? *view : *views::reshape(clone(x.detach()), shape);
  const Shape before = x.shape();
  return record("reshape", {x}, y, {}, [before](const Backward& b) -> Gradients { return {reshape(b.dy(), before)}; });
}

Tensor flatten(const Tensor& x, int64_t first_in, int64_t last_in) {
  const int first = normalize_axis("flatten", first_in, x.rank()), last = normalize_axis("flatten", last_in, x.rank());
  require<ShapeError>(first <= last, "flatten", "first axis ", first, " lies behind last axis ", last);
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (i > first && i <= last) shape.back() *= x.shape()[i];
    else shape.push_back(x.shape()[i]);
  }
  return reshape(x, shape);
}

Tensor transpose(const Tensor& x, int64_t axis_a, int64_t axis_b) {
  return record("transpose", {x}, views::transpose(x.detach(), axis_a, axis_b), {},
                [axis_a, axis_b](const Backward& b) -> Gradients { return {transpose(b.dy(), axis_a, axis_b)}; });
}

Tensor permute(const Tensor& x, const Axes& order) {
  const Tensor y = views::permute(x.detach(), order);
  Axes inverse = Shape::filled(x.rank(), 0);
  for (int i = 0; i < order.rank(); ++i) inverse[normalize_axis("permute", order[i], x.rank())] = i;
  return record("permute", {x}, y, {},
                [inverse](const Backward& b) -> Gradients { return {permute(b.dy(), inverse)}; });
}

Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
  const Shape shape = x.shape();
  return record(
      "slice", {x}, views::slice(x.detach(), axis, start, stop, step), {}, [=](const Backward& b) -> Gradients {
        return {embed(b.dy(), shape, [&](const Tensor& dx) { return views::slice(dx, axis, start, stop, step); })};
      });
}

Tensor select(const Tensor& x, int64_t axis, int64_t index) {
  const Shape shape = x.shape();
  return record("select", {x}, views::select(x.detach(), axis, index), {}, [=](const Backward& b) -> Gradients {
    return {embed(b.dy(), shape, [&](const Tensor& dx) { return views::select(dx, axis, index); })};
  });
}

Tensor expand(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const Shape before = x.shape();
  return record("expand", {x}, views::expand(x.detach(), shape), {},
                [before](const Backward& b) -> Gradients { return {sum_to_shape(b.dy(), before)}; });
}

Tensor unsqueeze(const Tensor& x, int64_t axis) {
  const Shape before = x.shape();
  return record("unsqueeze", {x}, views::unsqueeze(x.detach(), axis), {},
                [before](const Backward& b) -> Gradients { return {reshape(b.dy(), before)}; });
}

Tensor squeeze(const Tensor& x, int64_t axis_in) {
  const int axis = normalize_axis("squeeze", axis_in, x.rank());
  require<ShapeError>(x.size(axis) == 1, "squeeze", "axis ", axis, " of shape ", x.shape(), " is not 1");
  return select(x, axis, 0);
}

Tensor contiguous(const Tensor& x) {
  if (x.is_contiguous()) return x;
  return record("contiguous", {x}, clone(x.detach()), {}, [](const Backward& b) -> Gradients { return {b.dy()}; });
}

namespace {

using Op = std::function<Tensor(const Tensor&)>;
using Reference = std::function<Tensors(const Tensor&)>;

/// y of this shape whose element at each index is the element of x at source(index).
template <class Source>
Tensors looked_up(const Tensor& x, const Shape& shape, const Source& source) {
  const auto values = x.to_vector<double>();
  std::vector<double> y;
  Axes index = Shape::filled(shape.rank(), 0);
  for (int64_t i = 0; i < shape.numel(); ++i) {
    int64_t rest = i, at = 0;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    const Axes from = source(index);
    for (int axis = 0; axis < x.rank(); ++axis) at = at * x.shape()[axis] + from[axis];
    y.push_back(values[static_cast<size_t>(at)]);
  }
  return {from_values(y, shape)};
}

/// The same elements in the same order.
Reference in_shape(const Shape& shape) {
  return [shape](const Tensor& x) -> Tensors { return {from_values(x.to_vector<double>(), shape)}; };
}

Reference permuted(const Axes& order) {
  return [order](const Tensor& x) {
    Shape shape;
    for (const int64_t axis : order) shape.push_back(x.shape()[static_cast<int>(axis)]);
    return looked_up(x, shape, [&](const Axes& index) {
      Axes from = index;
      for (int i = 0; i < order.rank(); ++i) from[static_cast<int>(order[i])] = index[i];
      return from;
    });
  };
}

/// start, start + step, … along an axis, `count` of them.
Reference strided(int axis, int64_t start, int64_t step, int64_t count) {
  return [=](const Tensor& x) {
    Shape shape = x.shape();
    shape[axis] = count;
    return looked_up(x, shape, [&](Axes index) {
      index[axis] = start + step * index[axis];
      return index;
    });
  };
}

Reference selected(int axis, int64_t at) {
  return [=](const Tensor& x) {
    Shape shape = x.shape();
    shape.erase(axis);
    return looked_up(x, shape, [&](Axes index) {
      index.insert(axis, at);
      return index;
    });
  };
}

Reference stretched(const Shape& shape) {
  return [shape](const Tensor& x) {
    return looked_up(x, shape, [&](Axes index) {
      while (index.rank() > x.rank()) index.erase(0);
      for (int axis = 0; axis < x.rank(); ++axis) index[axis] = std::min(index[axis], x.shape()[axis] - 1);
      return index;
    });
  };
}

Sample sample(std::string label, Tensor x, const Op& op, const Reference& reference) {
  return {.label = std::move(label),
          .inputs = {std::move(x)},
          .run = [op](std::span<const Tensor> in) -> Tensors { return {op(in[0])}; },
          .reference = [reference](std::span<const Tensor> in) { return reference(in[0]); }};
}

/// As sample(), of an op that copies: its elements are read and written once, in f32.
Sample copy_sample(std::string label, Tensor x, const Op& op, const Reference& reference) {
  const double bytes = 8 * static_cast<double>(x.numel());
  Sample s = sample(std::move(label), std::move(x), op, reference);
  s.min_bytes = bytes;
  return s;
}

OpSpec moving_spec(std::string_view name) {
  return {.name = name,
          .dtypes = {DType::f32, DType::bf16, DType::f16, DType::f64, DType::i64, DType::boolean},
          .no_derivative = {},
          .samples = {},
          .errors = [] { return std::vector<ErrorSample>{}; }};
}

OpSpec view_spec(std::string_view name) {
  OpSpec spec = moving_spec(name);
  spec.is_view = true;
  return spec;
}

const RegisterOp registered_reshape([] {
  OpSpec spec = moving_spec("reshape");
  spec.samples = [](SampleMaker& make) {
    const auto to = [](const Shape& shape) { return [shape](const Tensor& x) { return reshape(x, shape); }; };
    const auto of_transposed = [](const Tensor& x) { return reshape(transpose(x, 0, 1), {6, 2}); };
    return std::vector<Sample>{sample("axes merged", make.normal({2, 3, 4}), to({6, 4}), in_shape({6, 4})),
                               sample("an axis split", make.normal({6, 2}), to({2, 3, 2}), in_shape({2, 3, 2})),
                               sample("one extent left open", make.normal({2, 3, 4}), to({4, -1}), in_shape({4, 6})),
                               sample("the same shape", make.normal({2, 3}), to({2, 3}), in_shape({2, 3})),
                               sample("scalar", make.normal({1, 1}), to({}), in_shape({})),
                               sample("no elements", make.normal({0, 3}), to({3, 0, 2}), in_shape({3, 0, 2})),
                               sample("hostile values", make.hostile({6, 6}), to({4, 9}), in_shape({4, 9})),
                               copy_sample("a copy of what no strides express", make.normal({3, 4}), of_transposed,
                                           [](const Tensor& x) { return in_shape({6, 2})(permuted({1, 0})(x)[0]); })};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"count", [] { reshape(zeros({2, 3}), {4}); }, "reshape: 6 elements cannot take shape [4]"},
        {"two open", [] { reshape(zeros({2, 3}), {-1, -1}); }, "reshape: shape [-1, -1] has more than one -1"},
        {"does not divide", [] { reshape(zeros({2, 3}), {4, -1}); },
         "reshape: -1 in [4, -1] cannot be resolved for 6 elements"},
        {"negative", [] { reshape(zeros({2, 3}), {-2, -3}); }, "reshape: shape [-2, -3] has a negative extent"}};
  };
  return spec;
});

const RegisterOp registered_flatten([] {
  OpSpec spec = moving_spec("flatten");
  spec.samples = [](SampleMaker& make) {
    const auto axes = [](int first, int last) { return [=](const Tensor& x) { return flatten(x, first, last); }; };
    return std::vector<Sample>{sample("all axes", make.normal({2, 3, 4}), axes(0, -1), in_shape({24})),
                               sample("inner axes", make.normal({2, 3, 4}), axes(1, 2), in_shape({2, 12})),
                               sample("outer axes", make.normal({2, 3, 4}), axes(0, 1), in_shape({6, 4})),
                               sample("one axis", make.normal({2, 3}), axes(1, 1), in_shape({2, 3})),
                               sample("no elements", make.normal({2, 0, 4}), axes(0, 1), in_shape({0, 4})),
                               sample("hostile values", make.hostile({6, 6}), axes(0, 1), in_shape({36})),
                               copy_sample(
                                   "a copy of what no strides express", make.normal({3, 4}),
                                   [](const Tensor& x) { return flatten(transpose(x, 0, 1)); },
                                   [](const Tensor& x) { return in_shape({12})(permuted({1, 0})(x)[0]); })};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"order", [] { flatten(zeros({2, 3}), 1, 0); }, "flatten: first axis 1 lies behind last axis 0"},
        {"axis", [] { flatten(zeros({2, 3}), 0, 2); }, "flatten: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

const RegisterOp registered_transpose([] {
  OpSpec spec = view_spec("transpose");
  spec.samples = [](SampleMaker& make) {
    const auto axes = [](int a, int b) { return [=](const Tensor& x) { return transpose(x, a, b); }; };
    return std::vector<Sample>{
        sample("matrix", make.normal({3, 5}), axes(0, 1), permuted({1, 0})),
        sample("axes counted from the end", make.normal({2, 3, 4}), axes(-1, -3), permuted({2, 1, 0})),
        sample("an axis with itself", make.normal({2, 3}), axes(1, 1), permuted({0, 1})),
        sample("no elements", make.normal({0, 3}), axes(0, 1), permuted({1, 0})),
        sample("hostile values", make.hostile({6, 6}), axes(0, 1), permuted({1, 0}))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"axis", [] { transpose(zeros({2, 3}), 0, 2); }, "transpose: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

const RegisterOp registered_permute([] {
  OpSpec spec = view_spec("permute");
  spec.samples = [](SampleMaker& make) {
    const auto by = [](const Axes& order) { return [order](const Tensor& x) { return permute(x, order); }; };
    return std::vector<Sample>{
        sample("a cycle", make.normal({2, 3, 4}), by({2, 0, 1}), permuted({2, 0, 1})),
        sample("axes counted from the end", make.normal({2, 3, 4, 2}), by({0, -1, 1, -2}), permuted({0, 3, 1, 2})),
        sample("in place", make.normal({2, 3}), by({0, 1}), permuted({0, 1})),
        sample("scalar", make.normal({}), by({}), permuted({})),
        sample("no elements", make.normal({2, 0, 3}), by({2, 1, 0}), permuted({2, 1, 0})),
        sample("hostile values", make.hostile({2, 6, 3}), by({2, 1, 0}), permuted({2, 1, 0}))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"too few", [] { permute(zeros({2, 3}), {0}); }, "permute: order [0] does not name the 2 axes of shape [2, 3]"},
        {"twice", [] { permute(zeros({2, 3}), {1, -1}); }, "permute: axis 1 is listed twice in [1, -1]"},
        {"axis", [] { permute(zeros({2, 3}), {0, 2}); }, "permute: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

const RegisterOp registered_slice([] {
  OpSpec spec = view_spec("slice");
  spec.samples = [](SampleMaker& make) {
    const auto cut = [](int axis, int64_t start, int64_t stop, int64_t step) {
      return [=](const Tensor& x) { return slice(x, axis, start, stop, step); };
    };
    return std::vector<Sample>{
        sample("first axis", make.normal({5, 3}), cut(0, 1, 4, 1), strided(0, 1, 1, 3)),
        sample("every third of the last axis", make.normal({2, 8}), cut(-1, 1, 8, 3), strided(1, 1, 3, 3)),
        sample("bounds counted from the end", make.normal({2, 7, 3}), cut(1, -4, -1, 2), strided(1, 3, 2, 2)),
        sample("bounds beyond the axis", make.normal({4}), cut(0, -100, 100, 1), strided(0, 0, 1, 4)),
        sample("nothing", make.normal({4, 2}), cut(0, 3, 1, 1), strided(0, 0, 1, 0)),
        sample("of no elements", make.normal({0, 2}), cut(0, 0, 5, 2), strided(0, 0, 1, 0)),
        sample("hostile values", make.hostile({7, 5}), cut(0, 0, 7, 2), strided(0, 0, 2, 4))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"step", [] { slice(zeros({3}), 0, 0, 3, 0); }, "slice: step is 0, expected at least 1"},
        {"axis", [] { slice(zeros({3}), 1, 0, 3); }, "slice: axis 1 does not exist in a tensor of 1 axes"}};
  };
  return spec;
});

const RegisterOp registered_select([] {
  OpSpec spec = view_spec("select");
  spec.samples = [](SampleMaker& make) {
    const auto at = [](int axis, int64_t index) { return [=](const Tensor& x) { return select(x, axis, index); }; };
    return std::vector<Sample>{sample("first axis", make.normal({4, 3}), at(0, 2), selected(0, 2)),
                               sample("middle axis", make.normal({2, 3, 4}), at(1, 0), selected(1, 0)),
                               sample("counted from the end", make.normal({2, 3}), at(-1, -1), selected(1, 2)),
                               sample("of a vector", make.normal({5}), at(0, 3), selected(0, 3)),
                               sample("no elements", make.normal({0, 3}), at(1, 1), selected(1, 1)),
                               sample("hostile values", make.hostile({7, 5}), at(1, 3), selected(1, 3))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"behind", [] { select(zeros({3, 2}), 0, 3); }, "select: index 3 is outside axis 0 of shape [3, 2]"},
        {"before", [] { select(zeros({3, 2}), 1, -3); }, "select: index -3 is outside axis 1 of shape [3, 2]"},
        {"axis", [] { select(zeros({3}), 1, 0); }, "select: axis 1 does not exist in a tensor of 1 axes"}};
  };
  return spec;
});

const RegisterOp registered_expand([] {
  OpSpec spec = view_spec("expand");
  spec.samples = [](SampleMaker& make) {
    const auto to = [](const Shape& shape) {
      return std::pair([shape](const Tensor& x) { return expand(x, shape); }, stretched(shape));
    };
    const auto expanded = [&](std::string label, const Shape& from, const Shape& shape) {
      const auto [op, reference] = to(shape);
      return sample(std::move(label), make.normal(from), op, reference);
    };
    const auto [to_rows, as_rows] = to({4, 30});
    return std::vector<Sample>{expanded("a row", {3}, {4, 3}),
                               expanded("a column", {3, 1}, {3, 5}),
                               expanded("two axes, not neighbours", {1, 3, 1}, {2, 3, 4}),
                               expanded("scalar", {}, {2, 3}),
                               expanded("the same shape", {2, 3}, {2, 3}),
                               expanded("to no elements", {1, 3}, {0, 3}),
                               expanded("of no elements", {0, 1}, {0, 3}),
                               sample("hostile values", make.hostile({30}), to_rows, as_rows)};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"extent", [] { expand(zeros({2, 3}), {2, 4}); },
         "expand: shape [2, 3] does not expand to [2, 4]: axis -1 is 3, expected 4 or 1"},
        {"rank", [] { expand(zeros({2, 3}), {3}); }, "expand: shape [2, 3] has more axes than [3]"}};
  };
  return spec;
});

const RegisterOp registered_unsqueeze([] {
  OpSpec spec = view_spec("unsqueeze");
  spec.samples = [](SampleMaker& make) {
    const auto at = [](int axis) { return [=](const Tensor& x) { return unsqueeze(x, axis); }; };
    return std::vector<Sample>{sample("in front", make.normal({2, 3}), at(0), in_shape({1, 2, 3})),
                               sample("between", make.normal({2, 3}), at(1), in_shape({2, 1, 3})),
                               sample("at the end", make.normal({2, 3}), at(-1), in_shape({2, 3, 1})),
                               sample("scalar", make.normal({}), at(0), in_shape({1})),
                               sample("no elements", make.normal({0}), at(0), in_shape({1, 0})),
                               sample("hostile values", make.hostile({30}), at(0), in_shape({1, 30}))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"axis", [] { unsqueeze(zeros({2}), 2); }, "unsqueeze: axis 2 does not exist in a tensor of 2 axes"}};
  };
  return spec;
});

const RegisterOp registered_squeeze([] {
  OpSpec spec = view_spec("squeeze");
  spec.samples = [](SampleMaker& make) {
    const auto at = [](int axis) { return [=](const Tensor& x) { return squeeze(x, axis); }; };
    return std::vector<Sample>{sample("in front", make.normal({1, 2, 3}), at(0), in_shape({2, 3})),
                               sample("at the end", make.normal({2, 3, 1}), at(-1), in_shape({2, 3})),
                               sample("to a scalar", make.normal({1}), at(0), in_shape({})),
                               sample("no elements", make.normal({1, 0}), at(0), in_shape({0})),
                               sample("hostile values", make.hostile({1, 30}), at(0), in_shape({30}))};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"extent", [] { squeeze(zeros({2, 1}), 0); }, "squeeze: axis 0 of shape [2, 1] is not 1"},
        {"axis", [] { squeeze(zeros({1}), 1); }, "squeeze: axis 1 does not exist in a tensor of 1 axes"}};
  };
  return spec;
});

const RegisterOp registered_contiguous([] {
  OpSpec spec = moving_spec("contiguous");
  spec.samples = [](SampleMaker& make) {
    return std::vector<Sample>{
        sample("as it is", make.normal({2, 3}), ops::contiguous, in_shape({2, 3})),
        copy_sample(
            "a transposed matrix", make.normal({3, 5}),
            [](const Tensor& x) { return ops::contiguous(transpose(x, 0, 1)); }, permuted({1, 0})),
        copy_sample(
            "every second element", make.normal({2, 8}),
            [](const Tensor& x) { return ops::contiguous(slice(x, 1, 0, 8, 2)); }, strided(1, 0, 2, 4)),
        copy_sample(
            "a stretched row", make.normal({3}), [](const Tensor& x) { return ops::contiguous(expand(x, {2, 3})); },
            stretched({2, 3})),
        sample("no elements", make.normal({0, 3}), ops::contiguous, in_shape({0, 3})),
        copy_sample(
            "hostile values", make.hostile({6, 5}), [](const Tensor& x) { return ops::contiguous(transpose(x, 0, 1)); },
            permuted({1, 0}))};
  };
  spec.no_errors = "every tensor has a contiguous form";
  return spec;
});

}  // namespace
}  // namespace triad::ops
