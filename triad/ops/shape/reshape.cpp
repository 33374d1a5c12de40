#include "triad/ops/shape/reshape.h"

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
  return record("permute", {x}, y, {}, [inverse](const Backward& b) -> Gradients { return {permute(b.dy(), inverse)}; });
}

Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
  const Shape shape = x.shape();
  return record("slice", {x}, views::slice(x.detach(), axis, start, stop, step), {},
                [=](const Backward& b) -> Gradients {
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

}  // namespace triad::ops
