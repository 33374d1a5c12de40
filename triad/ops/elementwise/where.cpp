#include "triad/ops/elementwise/where.h"

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<WhereForward> where_forward{"where"};

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  require<DTypeError>(condition.dtype() == DType::boolean, "where", "condition is ", condition.dtype(),
                      ", expected bool");
  check_same_dtype("where", "b", b, a);
  check_same_device("where", "b", b, a);
  check_same_device("where", "condition", condition, a);
  const Shape shape = broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  Tensor y = empty(shape, a.dtype(), a.device());
  const Tensor c_full = views::expand(condition, shape);
  const Tensor a_full = views::expand(a.detach(), shape), b_full = views::expand(b.detach(), shape);
  where_forward(y.device(), {c_full, a_full, b_full, y});
  const Shape a_shape = a.shape(), b_shape = b.shape();
  return record("where", {condition, a, b}, y, {condition}, [a_shape, b_shape](const Backward& back) -> Gradients {
    const Tensor dy = back.dy(), zero = zeros({}, dy.dtype(), dy.device());
    const Tensor& chosen = back.saved(0);
    return {Tensor(), back.needs(1) ? sum_to_shape(where(chosen, dy, zero), a_shape) : Tensor(),
            back.needs(2) ? sum_to_shape(where(chosen, zero, dy), b_shape) : Tensor()};
  });
}

namespace {

Tensors naive(std::span<const Tensor> in) {
  const Shape shape = broadcast_shapes("where", in[0].shape(), broadcast_shapes("where", in[1].shape(), in[2].shape()));
  const auto c = views::expand(in[0], shape).to_vector<double>();
  auto a = views::expand(in[1].detach(), shape).to_vector<double>();
  const auto b = views::expand(in[2].detach(), shape).to_vector<double>();
  for (size_t i = 0; i < a.size(); ++i) a[i] = c[i] != 0 ? a[i] : b[i];
  return {from_values(a, shape)};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "where", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor c, Tensor a, Tensor b) {
      const double inputs = static_cast<double>(c.numel() + 4 * (a.numel() + b.numel()));
      const Shape shape = broadcast_shapes("where", c.shape(), broadcast_shapes("where", a.shape(), b.shape()));
      return Sample{.label = std::move(label),
                    .inputs = {std::move(c), std::move(a), std::move(b)},
                    .run = [](std::span<const Tensor> in) -> Tensors { return {where(in[0], in[1], in[2])}; },
                    .reference = naive,
                    .min_bytes = inputs + 4 * static_cast<double>(shape.numel())};
    };
    Sample nan_aside = sample("NaN on the side not chosen", from_values({true, false}, {2}),
                              from_values({1.0, std::nan("")}, {2}), from_values({std::nan(""), 2.0}, {2}));
    nan_aside.check_gradient = false;
    return std::vector<Sample>{sample("same shape", make.mask({4, 5}, 0.5), make.normal({4, 5}), make.normal({4, 5})),
                               sample("broadcast", make.mask({4, 1}, 0.5), make.normal({5}), make.normal({})),
                               sample("empty", make.mask({0}, 0.5), make.normal({0}), make.normal({1})), nan_aside};
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"condition", [] { where(zeros({2}), zeros({2}), zeros({2})); }, "where: condition is f32, expected bool"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
