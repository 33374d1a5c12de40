#include "triad/ops/norm/l2_normalize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<L2NormalizeForward> l2_normalize_forward{"l2_normalize"};
constinit KernelTable<L2NormalizeBackward> l2_normalize_backward{"l2_normalize backward"};

Tensor l2_normalize(const Tensor& x_in, double eps) {
  check_floating("l2_normalize", "x", x_in);
  require<ShapeError>(x_in.rank() > 0, "l2_normalize", "x is a scalar, expected at least one axis");
  require<ValueError>(eps > 0, "l2_normalize", "eps is ", eps, ", expected above 0");
  const Tensor x = contiguous(x_in.detach());
  Tensor y = empty_like(x);
  Tensor length = empty(reduced_shape(x.shape(), {x.rank() - 1}, false), accumulation_dtype(x.dtype()), x.device());
  l2_normalize_forward(x.device(), {x, eps, y, length});
  return record("l2_normalize", {x_in}, y, {x, length}, [eps](const Backward& b) -> Gradients {
    Tensor dx = empty_like(b.saved(0));
    l2_normalize_backward(dx.device(), {b.saved(0), eps, b.saved(1), contiguous(b.dy()), dx});
    return {dx};
  });
}

namespace {

Tensors naive(const Tensor& x, double eps) {
  const auto width = static_cast<size_t>(x.size(-1));
  std::vector<double> values = x.to_vector<double>();
  for (size_t row = 0; row < values.size(); row += width) {
    double squares = 0;
    for (size_t i = 0; i < width; ++i) squares += values[row + i] * values[row + i];
    const double length = std::sqrt(squares);
    for (size_t i = 0; i < width; ++i) values[row + i] /= length < eps ? eps : length;
  }
  return {from_values(values, x.shape())};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "l2_normalize", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor x, double eps = 1e-12, bool check_gradient = true) {
      const double n = static_cast<double>(x.numel());
      samples.push_back({.label = std::move(label),
                         .inputs = {std::move(x)},
                         .run = [eps](std::span<const Tensor> in) -> Tensors { return {l2_normalize(in[0], eps)}; },
                         .reference = [eps](std::span<const Tensor> in) { return naive(in[0], eps); },
                         .check_gradient = check_gradient,
                         .flops = 3 * n,
                         .min_bytes = 8 * n});
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    add("matrix", make.normal({5, 37}));
    add("three axes", make.normal({2, 3, 16}, 3));
    add("one column", make.distinct({4, 1}));
    add("one row", make.normal({512}));
    add("no rows", make.normal({0, 4}));
    add("no columns", make.normal({3, 0}));
    add("many rows", make.normal({300, 33}));
    add("shorter than eps: divided by eps", make.normal({3, 7}, 1e-3), 0.5);
    add("zeros", zeros({2, 9}, DType::f64), 0.25);
    add("mean 1e4: differences too coarse", make.normal({3, 40}, 1, 1e4), 1e-12, false);
    add("squares beyond f16", make.normal({3, 40}, 2e4), 1e-12, false);
    add("squares beyond f32", make.normal({3, 40}, 1e30), 1e-12, false);
    add("squares below f32: the slope is 1e30", make.normal({3, 40}, 1e-30), 1e-36, false);
    add("subnormal", make.normal({3, 40}, 1e-42));
    samples.back().check_gradient = false;
    add("equal values", full({2, 21}, -3, DType::f64));
    add("NaN and inf in their rows", from_values({1.0, std::nan(""), 3.0, 1.0, kInf, 2.0, -kInf, kInf, 1.0}, {3, 3}),
        1e-12, false);
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"integers", [] { l2_normalize(zeros({2}, DType::i64)); }, "l2_normalize: x is i64, expected a floating dtype"},
        {"scalar", [] { l2_normalize(zeros({})); }, "l2_normalize: x is a scalar, expected at least one axis"},
        {"eps", [] { l2_normalize(zeros({2}), 0); }, "l2_normalize: eps is 0, expected above 0"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
