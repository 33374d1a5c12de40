#include "triad/ops/elementwise/binary.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<BinaryForward> binary_forward{"binary"};

namespace {

template <class F>
Tensor run_kernel(const Tensor& a, const Tensor& b) {
  check_same_dtype(F::name, "b", b, a);
  check_same_device(F::name, "b", b, a);
  const Shape shape = broadcast_shapes(F::name, a.shape(), b.shape());
  Tensor y = empty(shape, scalar::is_predicate<F> ? DType::boolean : a.dtype(), a.device());
  const Tensor a_full = views::expand(a.detach(), shape), b_full = views::expand(b.detach(), shape);
  binary_forward(y.device(), {scalar::Binary::index_of<F>, a_full, b_full, y});
  return y;
}

/// The gradient of one operand: the full-size derivative, computed only if wanted, summed over stretched axes.
template <class Full>
Tensor operand_gradient(const Backward& b, size_t operand, const Shape& shape, const Full& full) {
  return b.needs(operand) ? sum_to_shape(full(), shape) : Tensor();
}

template <class F, class GradA, class GradB>
Tensor differentiable(const Tensor& a, const Tensor& b, std::initializer_list<Tensor> saved, GradA grad_a,
                      GradB grad_b) {
  const Shape a_shape = a.shape(), b_shape = b.shape();
  return record(F::name, {a, b}, run_kernel<F>(a, b), saved, [=](const Backward& back) -> Gradients {
    return {operand_gradient(back, 0, a_shape, [&] { return grad_a(back); }),
            operand_gradient(back, 1, b_shape, [&] { return grad_b(back); })};
  });
}

/// Whether x is the value that F takes, perhaps as one of two: NaN is, whatever the other is.
template <class F>
Tensor wins(const Tensor& x, const Tensor& other) {
  const Tensor first = std::is_same_v<F, scalar::Maximum> ? greater_equal(x, other) : less_equal(x, other);
  return logical_or(first, not_equal(x, x));
}

/// Share of the gradient that goes to a (or b) where the two compete: all of it to a winner, half to each at a tie.
template <class F>
Tensor winner_gradient(const Backward& b, bool first) {
  const Tensor &x = b.saved(first ? 0 : 1), &other = b.saved(first ? 1 : 0), dy = b.dy();
  const Tensor x_wins = wins<F>(x, other), tie = logical_and(x_wins, wins<F>(other, x));
  return where(tie, dy * 0.5, where(x_wins, dy, zeros({}, dy.dtype(), dy.device())));
}

/// `value` as a scalar beside x. ValueError if the dtype of x is integral and does not have it.
Tensor number(double value, const Tensor& x) {
  Tensor scalar = full({}, value, x.dtype(), x.device());
  require<ValueError>(is_floating(x.dtype()) || scalar.item() == value, "elementwise", value, " is no ", x.dtype(),
                      Hint{"convert the tensor with ops::cast"});
  return scalar;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  const auto dy = [](const Backward& back) { return back.dy(); };
  return differentiable<scalar::Add>(a, b, {}, dy, dy);
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return differentiable<scalar::Sub>(
      a, b, {}, [](const Backward& back) { return back.dy(); }, [](const Backward& back) { return neg(back.dy()); });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return differentiable<scalar::Mul>(
      a, b, {a, b}, [](const Backward& back) { return back.dy() * back.saved(1); },
      [](const Backward& back) { return back.dy() * back.saved(0); });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return differentiable<scalar::Div>(
      a, b, {a, b}, [](const Backward& back) { return back.dy() / back.saved(1); },
      [](const Backward& back) {
        const Tensor& divisor = back.saved(1);
        return neg(back.dy() * back.saved(0) / divisor / divisor);
      });
}

Tensor pow(const Tensor& a, const Tensor& b) {
  return differentiable<scalar::Pow>(
      a, b, {a, b},
      [](const Backward& back) {
        const Tensor &base = back.saved(0), &exponent = back.saved(1);
        const Tensor zero = number(0, base);
        // exponent 0 has slope 0 even at base 0, where 0 * 0^-1 would be NaN
        return where(equal(exponent, zero), zero, back.dy() * exponent * pow(base, exponent - 1));
      },
      [](const Backward& back) {
        const Tensor &base = back.saved(0), &exponent = back.saved(1);
        const Tensor zero = number(0, base);
        return where(equal(base, zero), zero, back.dy() * pow(base, exponent) * log(base));
      });
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  using F = scalar::Maximum;
  return differentiable<F>(
      a, b, {a, b}, [](const Backward& back) { return winner_gradient<F>(back, true); },
      [](const Backward& back) { return winner_gradient<F>(back, false); });
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  using F = scalar::Minimum;
  return differentiable<F>(
      a, b, {a, b}, [](const Backward& back) { return winner_gradient<F>(back, true); },
      [](const Backward& back) { return winner_gradient<F>(back, false); });
}

Tensor add(const Tensor& a, double b) { return add(a, number(b, a)); }
Tensor sub(const Tensor& a, double b) { return sub(a, number(b, a)); }
Tensor mul(const Tensor& a, double b) { return mul(a, number(b, a)); }
Tensor div(const Tensor& a, double b) { return div(a, number(b, a)); }
Tensor pow(const Tensor& a, double b) { return pow(a, number(b, a)); }

Tensor sub(double a, const Tensor& b) { return sub(number(a, b), b); }
Tensor div(double a, const Tensor& b) { return div(number(a, b), b); }

Tensor clamp(const Tensor& x, double low, double high) {
  require<ValueError>(low <= high, "clamp", "low ", low, " is above high ", high);
  const Tensor values = run_kernel<scalar::Minimum>(run_kernel<scalar::Maximum>(x, number(low, x)), number(high, x));
  return record("clamp", {x}, values, {x}, [low, high](const Backward& b) -> Gradients {
    const Tensor& saved = b.saved(0);
    const Tensor inside = logical_and(greater_equal(saved, number(low, saved)), less_equal(saved, number(high, saved)));
    return {where(inside, b.dy(), number(0, saved))};
  });
}

Tensor equal(const Tensor& a, const Tensor& b) { return run_kernel<scalar::Equal>(a, b); }
Tensor not_equal(const Tensor& a, const Tensor& b) { return run_kernel<scalar::NotEqual>(a, b); }
Tensor less(const Tensor& a, const Tensor& b) { return run_kernel<scalar::Less>(a, b); }
Tensor less_equal(const Tensor& a, const Tensor& b) { return run_kernel<scalar::LessEqual>(a, b); }
Tensor greater(const Tensor& a, const Tensor& b) { return run_kernel<scalar::Greater>(a, b); }
Tensor greater_equal(const Tensor& a, const Tensor& b) { return run_kernel<scalar::GreaterEqual>(a, b); }
Tensor logical_and(const Tensor& a, const Tensor& b) { return run_kernel<scalar::LogicalAnd>(a, b); }
Tensor logical_or(const Tensor& a, const Tensor& b) { return run_kernel<scalar::LogicalOr>(a, b); }
Tensor logical_xor(const Tensor& a, const Tensor& b) { return run_kernel<scalar::LogicalXor>(a, b); }
Tensor logical_not(const Tensor& x) { return equal(x, number(0, x)); }

namespace {

/// What the functions are, for f64: the reference shares nothing with the kernel.
struct Definition {
  std::string_view name;
  double (*value)(double, double);
};
constexpr Definition kDefinitions[] = {
    {"add", [](double a, double b) { return a + b; }},
    {"sub", [](double a, double b) { return a - b; }},
    {"mul", [](double a, double b) { return a * b; }},
    {"div", [](double a, double b) { return a / b; }},
    {"pow", [](double a, double b) { return std::pow(a, b); }},
    {"maximum", [](double a, double b) { return std::isunordered(a, b) ? a + b : std::fmax(a, b); }},
    {"minimum", [](double a, double b) { return std::isunordered(a, b) ? a + b : std::fmin(a, b); }},
    {"equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"not_equal", [](double a, double b) { return a == b ? 0.0 : 1.0; }},
    {"less", [](double a, double b) { return std::isless(a, b) ? 1.0 : 0.0; }},
    {"less_equal", [](double a, double b) { return std::islessequal(a, b) ? 1.0 : 0.0; }},
    {"greater", [](double a, double b) { return std::isgreater(a, b) ? 1.0 : 0.0; }},
    {"greater_equal", [](double a, double b) { return std::isgreaterequal(a, b) ? 1.0 : 0.0; }},
    {"logical_and", [](double a, double b) { return a == 0 || b == 0 ? 0.0 : 1.0; }},
    {"logical_or", [](double a, double b) { return a == 0 && b == 0 ? 0.0 : 1.0; }},
    {"logical_xor", [](double a, double b) { return (a == 0) == (b == 0) ? 0.0 : 1.0; }}};

constexpr auto definition_of(std::string_view name) {
  for (const Definition& d : kDefinitions)
    if (d.name == name) return d.value;
  return decltype(Definition::value){};
}

/// Element by element over the broadcast shape.
template <class F>
Tensors naive(std::span<const Tensor> in) {
  static_assert(definition_of(F::name), "a function without a definition here");
  const Shape shape = broadcast_shapes(F::name, in[0].shape(), in[1].shape());
  auto y = views::expand(in[0].detach(), shape).to_vector<double>();
  const auto b = views::expand(in[1].detach(), shape).to_vector<double>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = definition_of(F::name)(y[i], b[i]);
  return {from_values(y, shape)};
}

template <class F, Tensor (*op)(const Tensor&, const Tensor&)>
OpSpec binary_spec() {
  OpSpec spec{.name = F::name, .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  if (scalar::is_predicate<F>) spec.no_derivative = "its value is a truth value";
  const auto sample = [](std::string label, Tensor a, Tensor b) {
    const double n = static_cast<double>(broadcast_shapes(F::name, a.shape(), b.shape()).numel());
    return Sample{.label = std::move(label),
                  .inputs = {std::move(a), std::move(b)},
                  .run = [](std::span<const Tensor> in) -> Tensors { return {op(in[0], in[1])}; },
                  .reference = naive<F>,
                  .flops = n,
                  .min_bytes = 12 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    // positive, so that pow and div are smooth; a and b are never equal, so that maximum is
    const auto a_values = [&](const Shape& s) { return make.uniform(s, 0.5, 1.4); };
    const auto b_values = [&](const Shape& s) { return make.uniform(s, 1.5, 2.5); };
    std::vector<Sample> samples = {sample("same shape", a_values({3, 7}), b_values({3, 7})),
                                   sample("row against matrix", a_values({4, 5}), b_values({5})),
                                   sample("column against row", a_values({4, 1}), b_values({1, 6})),
                                   sample("b larger", b_values({2, 3}), a_values({3})),
                                   sample("two numbers", a_values({}), b_values({})),
                                   sample("outer axes", a_values({2, 1, 3, 1}), b_values({5, 1, 600})),
                                   sample("empty", a_values({0, 3}), b_values({3}))};
    constexpr double kInf = std::numeric_limits<double>::infinity();
    Sample hostile = sample("hostile values", from_values({0.0, -0.0, 1.0, kInf, -kInf, std::nan("")}, {6, 1}),
                            from_values({0.0, 1.0, -1.0, kInf, -kInf, std::nan("")}, {6}));
    hostile.check_gradient = false;
    samples.push_back(hostile);
    return samples;
  };
  if constexpr (std::is_same_v<F, scalar::Add>) {
    spec.workloads = {
        {.suite = "text-mini",
         .place = "residual 4096x256",
         .make = [sample](SampleMaker& make) { return sample("", make.normal({4096, 256}), make.normal({4096, 256})); },
         .attributes = {},
         .backward = false}};
  }
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"shapes", [] { op(zeros({2, 3}), zeros({4, 3})); },
         str(F::name, ": shapes [2, 3] and [4, 3] do not broadcast: axis -2 is 2 against 4\n",
             "  hint: extents must be equal or 1, counted from the last axis")},
        {"dtypes", [] { op(zeros({2}), zeros({2}, DType::f64)); },
         str(F::name, ": b is f64, expected f32\n  hint: convert with ops::cast")}};
  };
  return spec;
}

const RegisterOp registered[] = {RegisterOp(&binary_spec<scalar::Add, add>),
                                 RegisterOp(&binary_spec<scalar::Sub, sub>),
                                 RegisterOp(&binary_spec<scalar::Mul, mul>),
                                 RegisterOp(&binary_spec<scalar::Div, div>),
                                 RegisterOp(&binary_spec<scalar::Pow, pow>),
                                 RegisterOp(&binary_spec<scalar::Maximum, maximum>),
                                 RegisterOp(&binary_spec<scalar::Minimum, minimum>),
                                 RegisterOp(&binary_spec<scalar::Equal, equal>),
                                 RegisterOp(&binary_spec<scalar::NotEqual, not_equal>),
                                 RegisterOp(&binary_spec<scalar::Less, less>),
                                 RegisterOp(&binary_spec<scalar::LessEqual, less_equal>),
                                 RegisterOp(&binary_spec<scalar::Greater, greater>),
                                 RegisterOp(&binary_spec<scalar::GreaterEqual, greater_equal>),
                                 RegisterOp(&binary_spec<scalar::LogicalAnd, logical_and>),
                                 RegisterOp(&binary_spec<scalar::LogicalOr, logical_or>),
                                 RegisterOp(&binary_spec<scalar::LogicalXor, logical_xor>)};

}  // namespace
}  // namespace triad::ops
