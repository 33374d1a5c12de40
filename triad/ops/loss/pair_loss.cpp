#include "triad/ops/loss/pair_loss.h"

#include <cmath>
#include <limits>

#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"

namespace triad::ops {

constinit KernelTable<PairLossForward> pair_loss_forward{"elementwise loss"};
constinit KernelTable<PairLossBackward> pair_loss_backward{"elementwise loss backward"};

namespace {

Tensor stretched(std::string_view op, const Tensor& weight, const Tensor& x) {
  if (!weight.defined()) return {};
  require<DTypeError>(weight.dtype() == DType::boolean || is_floating(weight.dtype()), op, "weight is ", weight.dtype(),
                      ", expected bool or a floating dtype");
  check_same_device(op, "weight", weight, x);
  refuse_gradient(op, {weight}, "the weight of a loss is a constant; multiply the terms of Reduction::none instead");
  require<ShapeError>(weight.rank() <= x.rank() && broadcast_shapes(op, weight.shape(), x.shape()) == x.shape(), op,
                      "weight has shape ", weight.shape(), ", expected one that broadcasts to ", x.shape());
  const DType dtype = accumulation_dtype(x.dtype());
  const Tensor constant = weight.detach();
  return views::expand(constant.dtype() == dtype ? contiguous(constant) : clone_as(constant, dtype), x.shape());
}

}  // namespace

Tensor pair_loss(PairLoss function, std::string_view op, std::string_view x_name, std::string_view target_name,
                 const Tensor& x_in, const Tensor& target_in, Reduction reduction, const Tensor& weight_in) {
  check_floating(op, x_name, x_in);
  check_same_dtype(op, target_name, target_in, x_in);
  check_shape(op, target_name, target_in, x_in.shape());
  check_same_device(op, target_name, target_in, x_in);
  const Tensor x = contiguous(x_in.detach()), target = contiguous(target_in.detach());
  const Tensor weight = stretched(op, weight_in, x);
  const Shape shape = reduction == Reduction::none ? x.shape() : Shape{};
  Tensor loss = empty(shape, accumulation_dtype(x.dtype()), x.device()), total = empty({}, DType::f64, x.device());
  pair_loss_forward(x.device(), {function, reduction, x, target, weight, loss, total});
  return record(op, {x_in, target_in}, loss, {x, target, weight, total}, [=](const Backward& b) -> Gradients {
    Tensor dx = b.needs(0) ? empty_like(b.saved(0)) : Tensor(),
           dtarget = b.needs(1) ? empty_like(b.saved(0)) : Tensor();
    pair_loss_backward(b.saved(0).device(), {function, reduction, b.saved(0), b.saved(1), b.saved(2), b.saved(3),
                                             contiguous(b.dy()), dx, dtarget});
    return {dx, dtarget};
  });
}

OpSpec pair_loss_spec(std::string_view name, std::string_view x_name, std::string_view target_name,
                      Tensor (*op)(const Tensor&, const Tensor&, Reduction, const Tensor&),
                      double (*term)(double x, double target)) {
  OpSpec spec{.name = name, .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [op, term](SampleMaker& make) {
    std::vector<Sample> samples;
    // The weight is no input: the harness would ask for its gradient.
    const auto add = [&](std::string label, Tensor x, Tensor target, Reduction reduction, Tensor weight = {},
                         bool check_gradient = true) {
      const double n = static_cast<double>(x.numel());
      const auto run = [=](std::span<const Tensor> in) -> Tensors { return {op(in[0], in[1], reduction, weight)}; };
      const auto reference = [=](std::span<const Tensor> in) -> Tensors {
        const auto a = in[0].to_vector<double>(), b = in[1].to_vector<double>();
        const auto w = weight.defined() ? views::expand(weight, in[0].shape()).to_vector<double>()
                                        : std::vector<double>(a.size(), 1);
        std::vector<double> losses(a.size());
        double sum = 0, total = 0;
        for (size_t i = 0; i < a.size(); ++i) {
          losses[i] = w[i] == 0 ? 0 : w[i] * term(a[i], b[i]);
          sum += losses[i];
          total += w[i];
        }
        if (reduction == Reduction::none) return {from_values(losses, in[0].shape())};
        return {from_values({reduction == Reduction::sum ? sum : total == 0 ? 0 : sum / total}, {})};
      };
      samples.push_back({.label = std::move(label),
                         .inputs = {std::move(x), std::move(target)},
                         .run = run,
                         .reference = reference,
                         .check_gradient = check_gradient,
                         .flops = 4 * n,
                         .min_bytes = 8 * n});
    };
    // x and target differ by at least 0.1, away from the kink of the absolute value.
    const auto x = [&](const Shape& s) { return make.uniform(s, 0.6, 3); };
    const auto t = [&](const Shape& s) { return make.uniform(s, -1, 0.5); };
    constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
    add("mean", x({5, 37}), t({5, 37}), Reduction::mean);
    add("sum", x({3, 4, 5}), t({3, 4, 5}), Reduction::sum);
    add("each", x({4, 17}), t({4, 17}), Reduction::none);
    add("scalar", x({}), t({}), Reduction::mean);
    add("empty: 0, not NaN", x({0, 3}), t({0, 3}), Reduction::mean);
    add("empty, each", x({0, 3}), t({0, 3}), Reduction::none);
    add("many pieces", x({3, 5001}), t({3, 5001}), Reduction::mean);
    add("mask of the same shape", x({5, 9}), t({5, 9}), Reduction::mean, make.mask({5, 9}, 0.5));
    add("mask of frames", x({2, 5, 33}), t({2, 5, 33}), Reduction::mean, make.mask({2, 5, 1}, 0.6));
    add("weights of columns", x({40, 7}), t({40, 7}), Reduction::mean, make.uniform({7}, 0.2, 3));
    add("weights of samples, sum", x({6, 2, 3}), t({6, 2, 3}), Reduction::sum, make.uniform({6, 1, 1}, 0, 2));
    add("weights in the middle, each", x({2, 5, 3}), t({2, 5, 3}), Reduction::none, make.uniform({5, 1}, 0, 2));
    add("f32 weights", x({2, 50}), t({2, 50}), Reduction::mean, clone_as(make.uniform({2, 50}, 0, 2), DType::f32));
    add("one weight", x({2, 3}), t({2, 3}), Reduction::mean, full({}, 2.5, DType::f64));
    add("every weight 0: 0, not NaN", x({2, 3}), t({2, 3}), Reduction::mean, zeros({2, 1}, DType::boolean));
    add("equal: at the kink", full({2, 9}, 0.5, DType::f64), full({2, 9}, 0.5, DType::f64), Reduction::mean, {}, false);
    add("mean 1e4: differences too coarse", make.normal({2, 50}, 1, 1e4), make.normal({2, 50}, 1, 1e4), Reduction::mean,
        {}, false);
    add("NaN and inf where the weight is 0", from_values({1.0, kNan, 2.0, kInf, -kInf, 3.0}, {2, 3}),
        from_values({kInf, 0.0, 0.25, 1.0, kNan, 0.5}, {2, 3}), Reduction::mean,
        from_values({false, false, true, false, false, true}, {2, 3}));
    samples.back().check_gradient = false;  // a difference with NaN is NaN
    add("NaN and large values", from_values({1.0, kNan, 2e4, -2e4, 200.0, -200.0}, {6}),
        from_values({kNan, 0.0, 1.0, 1.0, 0.0, 0.0}, {6}), Reduction::none, {}, false);
    return samples;
  };
  spec.errors = [=] {
    return std::vector<ErrorSample>{
        {"shape", [=] { op(zeros({2, 3}), zeros({3}), Reduction::mean, {}); },
         str(name, ": ", target_name, " has shape [3], expected [2, 3]")},
        {"dtype", [=] { op(zeros({2}), zeros({2}, DType::i64), Reduction::mean, {}); },
         str(name, ": ", target_name, " is i64, expected f32\n  hint: convert with ops::cast")},
        {"integers", [=] { op(zeros({2}, DType::i64), zeros({2}), Reduction::mean, {}); },
         str(name, ": ", x_name, " is i64, expected a floating dtype")},
        {"weight larger", [=] { op(zeros({3}), zeros({3}), Reduction::mean, zeros({2, 3})); },
         str(name, ": weight has shape [2, 3], expected one that broadcasts to [3]")},
        {"integral weight", [=] { op(zeros({3}), zeros({3}), Reduction::mean, zeros({3}, DType::i64)); },
         str(name, ": weight is i64, expected bool or a floating dtype")},
        {"weight with a gradient", [=] { op(zeros({3}), zeros({3}), Reduction::mean, requires_grad(zeros({3}))); },
         str(name,
             ": has no derivative: the weight of a loss is a constant; multiply the terms of Reduction::none instead\n"
             "  hint: detach() the input, or call it under NoGrad")}};
  };
  return spec;
}

}  // namespace triad::ops
