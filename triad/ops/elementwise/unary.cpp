#include "triad/ops/elementwise/unary.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<UnaryForward> unary_forward{"unary"};
constinit KernelTable<UnaryBackward> unary_backward{"unary backward"};

namespace {

template <class F>
constexpr bool takes_integers =
    std::is_same_v<F, scalar::Neg> || std::is_same_v<F, scalar::Abs> || std::is_same_v<F, scalar::Sign> ||
    std::is_same_v<F, scalar::Square> || std::is_same_v<F, scalar::Relu>;

template <class F>
Tensor unary(const Tensor& x) {
  constexpr int function = scalar::Unary::index_of<F>;
  const bool integral = takes_integers<F> && (x.dtype() == DType::i64 || x.dtype() == DType::i32);
  if (!integral) check_floating(F::name, "x", x);
  Tensor y = empty_like(x);
  unary_forward(x.device(), {function, x, y});
  return record(F::name, {x}, y, {x, y}, [](const Backward& b) -> Gradients {
    Tensor dx = empty_like(b.saved(0));
    unary_backward(dx.device(), {function, b.saved(0), b.saved(1), b.dy(), dx});
    return {dx};
  });
}

/// What the functions are, for f64: the reference shares nothing with the kernel.
struct Definition {
  std::string_view name;
  double (*value)(double);
};
constexpr Definition kDefinitions[] = {
    {"neg", [](double x) { return 0 - x; }},
    {"abs", [](double x) { return std::fabs(x); }},
    {"sign", [](double x) { return std::isnan(x) || x == 0 ? x : std::copysign(1.0, x); }},
    {"square", [](double x) { return std::pow(x, 2); }},
    {"reciprocal", [](double x) { return std::pow(x, -1); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"expm1", [](double x) { return std::expm1(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"log1p", [](double x) { return std::log1p(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},
    {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"asinh", [](double x) { return std::asinh(x); }},
    {"acosh", [](double x) { return std::acosh(x); }},
    {"atanh", [](double x) { return std::atanh(x); }},
    {"erf", [](double x) { return std::erf(x); }},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"softplus", [](double x) { return std::log1p(std::exp(x)); }},
    {"relu", [](double x) { return std::isnan(x) ? x : std::fmax(x, 0); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"round", [](double x) { return std::rint(x); }}};

constexpr auto definition_of(std::string_view name) {
  for (const Definition& d : kDefinitions)
    if (d.name == name) return d.value;
  return decltype(Definition::value){};
}

/// One element after the other.
template <class F>
Tensors naive(std::span<const Tensor> in) {
  static_assert(definition_of(F::name), "a function without a definition here");
  std::vector<double> values = in[0].to_vector<double>();
  for (double& v : values) v = definition_of(F::name)(v);
  return {from_values(values, in[0].shape())};
}

template <class F>
OpSpec unary_spec() {
  OpSpec spec{.name = F::name, .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [](SampleMaker& make) {
    const auto sample = [](std::string label, Tensor x) {
      const double n = static_cast<double>(x.numel());
      return Sample{.label = std::move(label),
                    .inputs = {std::move(x)},
                    .run = [](std::span<const Tensor> in) -> Tensors { return {unary<F>(in[0])}; },
                    .reference = naive<F>,
                    .flops = n,
                    .min_bytes = 8 * n};
    };
    std::vector<Sample> samples = {sample("vector", make.uniform({37}, F::low, F::high)),
                                   sample("three axes", make.uniform({3, 5, 4}, F::low, F::high)),
                                   sample("scalar", make.uniform({}, F::low, F::high)),
                                   sample("empty", make.uniform({0, 3}, F::low, F::high))};
    constexpr double kInf = std::numeric_limits<double>::infinity();
    Sample hostile = sample("hostile values, not all smooth",
                            from_values({0.0, -0.0, kInf, -kInf, std::nan(""), 1.0, -1.0, 60.0, -60.0, 1e-30}, {10}));
    hostile.check_gradient = false;
    samples.push_back(hostile);
    return samples;
  };
  spec.errors = [] {
    return std::vector<ErrorSample>{{"truth values", [] { unary<F>(zeros({2}, DType::boolean)); },
                                     str(F::name, ": x is bool, expected a floating dtype")}};
  };
  return spec;
}

const bool registered = [] {
  scalar::Unary::for_each([]<class F>(F) { const RegisterOp op(&unary_spec<F>); });
  return true;
}();

}  // namespace

Tensor neg(const Tensor& x) { return unary<scalar::Neg>(x); }
Tensor abs(const Tensor& x) { return unary<scalar::Abs>(x); }
Tensor sign(const Tensor& x) { return unary<scalar::Sign>(x); }
Tensor square(const Tensor& x) { return unary<scalar::Square>(x); }
Tensor reciprocal(const Tensor& x) { return unary<scalar::Reciprocal>(x); }
Tensor sqrt(const Tensor& x) { return unary<scalar::Sqrt>(x); }
Tensor rsqrt(const Tensor& x) { return unary<scalar::Rsqrt>(x); }
Tensor exp(const Tensor& x) { return unary<scalar::Exp>(x); }
Tensor expm1(const Tensor& x) { return unary<scalar::Expm1>(x); }
Tensor log(const Tensor& x) { return unary<scalar::Log>(x); }
Tensor log1p(const Tensor& x) { return unary<scalar::Log1p>(x); }
Tensor sin(const Tensor& x) { return unary<scalar::Sin>(x); }
Tensor cos(const Tensor& x) { return unary<scalar::Cos>(x); }
Tensor tan(const Tensor& x) { return unary<scalar::Tan>(x); }
Tensor asin(const Tensor& x) { return unary<scalar::Asin>(x); }
Tensor acos(const Tensor& x) { return unary<scalar::Acos>(x); }
Tensor atan(const Tensor& x) { return unary<scalar::Atan>(x); }
Tensor sinh(const Tensor& x) { return unary<scalar::Sinh>(x); }
Tensor cosh(const Tensor& x) { return unary<scalar::Cosh>(x); }
Tensor tanh(const Tensor& x) { return unary<scalar::Tanh>(x); }
Tensor asinh(const Tensor& x) { return unary<scalar::Asinh>(x); }
Tensor acosh(const Tensor& x) { return unary<scalar::Acosh>(x); }
Tensor atanh(const Tensor& x) { return unary<scalar::Atanh>(x); }
Tensor erf(const Tensor& x) { return unary<scalar::Erf>(x); }
Tensor sigmoid(const Tensor& x) { return unary<scalar::Sigmoid>(x); }
Tensor softplus(const Tensor& x) { return unary<scalar::Softplus>(x); }
Tensor relu(const Tensor& x) { return unary<scalar::Relu>(x); }
Tensor floor(const Tensor& x) { return unary<scalar::Floor>(x); }
Tensor ceil(const Tensor& x) { return unary<scalar::Ceil>(x); }
Tensor round(const Tensor& x) { return unary<scalar::Round>(x); }

}  // namespace triad::ops
