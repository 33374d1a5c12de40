#include <cmath>
#include <limits>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"

namespace triad::onnx {

DType dtype_from_code(int64_t code) {
  static const std::map<int64_t, DType> ours = {{1, DType::f32},  {2, DType::u8},      {6, DType::i32},
                                                {7, DType::i64},  {9, DType::boolean}, {10, DType::f16},
                                                {11, DType::f64}, {16, DType::bf16}};
  const auto found = ours.find(code);
  if (found == ours.end()) throw NotExpressible(str("dtype code ", code));
  return found->second;
}

namespace {

template <Tensor (*f)(const Tensor&)>
Tensors unary(const NodeCase& c) {
  return {f(c.in(0))};
}

template <Tensor (*f)(const Tensor&, const Tensor&)>
Tensors binary(const NodeCase& c) {
  return {f(c.in(0), c.in(1))};
}

template <Tensor (*f)(const Tensor&, const Tensor&)>
Tensors variadic(const NodeCase& c) {
  Tensor y = c.in(0);
  for (size_t i = 1; i < c.input_count(); ++i) y = f(y, c.in(i));
  return {y};
}

bool is_signed_integer(const Tensor& x) { return x.dtype() == DType::i64 || x.dtype() == DType::i32; }

/// Quotient rounded toward zero; ours rounds down.
Tensor truncated_quotient(const Tensor& a, const Tensor& b) {
  if (is_signed_integer(a)) return ops::div(ops::abs(a), ops::abs(b)) * ops::sign(a) * ops::sign(b);
  const Tensor q = a / b;
  return is_floating(a.dtype()) ? ops::sign(q) * ops::floor(ops::abs(q)) : q;
}

/// With the sign of the divisor, as Python's %, or of the dividend, as C's fmod.
Tensor remainder(const Tensor& a, const Tensor& b, bool sign_of_dividend) {
  const Tensor q = sign_of_dividend ? truncated_quotient(a, b) : is_floating(a.dtype()) ? ops::floor(a / b) : a / b;
  return a - q * b;
}

/// ONNX lets base and exponent differ in dtype; the result has that of the base.
Tensor power(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return ops::pow(a, b);
  return ops::cast(ops::pow(ops::cast(a, DType::f64), ops::cast(b, DType::f64)), a.dtype());
}

Tensor positive_part(const Tensor& x) { return ops::maximum(x, scalar_like(x, 0)); }
Tensor negative_part(const Tensor& x) { return ops::minimum(x, scalar_like(x, 0)); }
Tensor hard_sigmoid(const Tensor& x, double alpha, double beta) { return ops::clamp(x * alpha + beta, 0, 1); }

void add_functions(OperatorTable& table) {
  table["Abs"] = unary<ops::abs>;
  table["Acos"] = unary<ops::acos>;
  table["Acosh"] = unary<ops::acosh>;
  table["Asin"] = unary<ops::asin>;
  table["Asinh"] = unary<ops::asinh>;
  table["Atan"] = unary<ops::atan>;
  table["Atanh"] = unary<ops::atanh>;
  table["Ceil"] = unary<ops::ceil>;
  table["Cos"] = unary<ops::cos>;
  table["Cosh"] = unary<ops::cosh>;
  table["Erf"] = unary<ops::erf>;
  table["Exp"] = unary<ops::exp>;
  table["Floor"] = unary<ops::floor>;
  table["Log"] = unary<ops::log>;
  table["Neg"] = unary<ops::neg>;
  table["Reciprocal"] = unary<ops::reciprocal>;
  table["Relu"] = unary<ops::relu>;
  table["Round"] = unary<ops::round>;
  table["Sigmoid"] = unary<ops::sigmoid>;
  table["Sign"] = unary<ops::sign>;
  table["Sin"] = unary<ops::sin>;
  table["Sinh"] = unary<ops::sinh>;
  table["Softplus"] = unary<ops::softplus>;
  table["Sqrt"] = unary<ops::sqrt>;
  table["Tan"] = unary<ops::tan>;
  table["Tanh"] = unary<ops::tanh>;
  table["Identity"] = [](const NodeCase& c) -> Tensors { return {c.in(0)}; };
}

void add_activations(OperatorTable& table) {
  table["Celu"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const double alpha = c.number("alpha", 1);
    return {positive_part(x) + negative_part(ops::expm1(x / alpha) * alpha)};
  };
  table["Elu"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    return {positive_part(x) + ops::expm1(negative_part(x)) * c.number("alpha", 1)};
  };
  table["HardSigmoid"] = [](const NodeCase& c) -> Tensors {
    return {hard_sigmoid(c.in(0), c.number("alpha", 0.2), c.number("beta", 0.5))};
  };
  table["HardSwish"] = [](const NodeCase& c) -> Tensors { return {c.in(0) * hard_sigmoid(c.in(0), 1.0 / 6, 0.5)}; };
  table["LeakyRelu"] = [](const NodeCase& c) -> Tensors {
    return {positive_part(c.in(0)) + negative_part(c.in(0)) * c.number("alpha", 0.01)};
  };
  table["Mish"] = [](const NodeCase& c) -> Tensors { return {c.in(0) * ops::tanh(ops::softplus(c.in(0)))}; };
  table["PRelu"] = [](const NodeCase& c) -> Tensors {
    return {positive_part(c.in(0)) + negative_part(c.in(0)) * c.in(1)};
  };
  table["Selu"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const double alpha = c.number("alpha", 1.67326319217681884765625),
                 gamma = c.number("gamma", 1.05070102214813232421875);
    return {(positive_part(x) + ops::expm1(negative_part(x)) * alpha) * gamma};
  };
  table["Shrink"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const double bias = c.number("bias", 0), lambda = c.number("lambd", 0.5);
    const Tensor below = ops::less(x, scalar_like(x, -lambda)), above = ops::greater(x, scalar_like(x, lambda));
    return {ops::where(below, x + bias, ops::where(above, x - bias, scalar_like(x, 0)))};
  };
  table["Softsign"] = [](const NodeCase& c) -> Tensors { return {c.in(0) / (ops::abs(c.in(0)) + 1)}; };
  table["Swish"] = [](const NodeCase& c) -> Tensors {
    return {c.in(0) * ops::sigmoid(c.in(0) * c.number("alpha", 1))};
  };
  table["SwiGLU"] = [](const NodeCase& c) -> Tensors {
    return {c.in(0) * ops::sigmoid(c.in(0) * c.number("alpha", 1)) * c.in(1)};
  };
  table["ThresholdedRelu"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    return {ops::where(ops::greater(x, scalar_like(x, c.number("alpha", 1))), x, scalar_like(x, 0))};
  };
}

void add_arithmetic(OperatorTable& table) {
  table["Add"] = binary<ops::add>;
  table["Sub"] = binary<ops::sub>;
  table["Mul"] = binary<ops::mul>;
  table["Div"] = [](const NodeCase& c) -> Tensors {
    return {is_signed_integer(c.in(0)) ? truncated_quotient(c.in(0), c.in(1)) : c.in(0) / c.in(1)};
  };
  table["Mod"] = [](const NodeCase& c) -> Tensors { return {remainder(c.in(0), c.in(1), c.flag("fmod", false))}; };
  table["Pow"] = [](const NodeCase& c) -> Tensors { return {power(c.in(0), c.in(1))}; };
  table["Max"] = variadic<ops::maximum>;
  table["Min"] = variadic<ops::minimum>;
  table["Sum"] = variadic<ops::add>;
  table["Mean"] = [](const NodeCase& c) -> Tensors {
    return {variadic<ops::add>(c)[0] / static_cast<double>(c.input_count())};
  };
  table["Clip"] = [](const NodeCase& c) -> Tensors {
    Tensor y = c.in(0);
    if (c.has(1)) y = ops::maximum(y, c.in(1));
    if (c.has(2)) y = ops::minimum(y, c.in(2));
    return {y};
  };
}

void add_conversions(OperatorTable& table) {
  table["Cast"] = [](const NodeCase& c) -> Tensors {
    c.ignore("saturate");  // of 8-bit floats only
    return {ops::cast(c.in(0), dtype_from_code(c.integer("to", 0)))};
  };
  table["CastLike"] = [](const NodeCase& c) -> Tensors {
    c.ignore("saturate");
    return {ops::cast(c.in(0), c.in(1).dtype())};
  };
  table["DequantizeLinear"] = [](const NodeCase& c) -> Tensors {
    const Tensor scale = c.in(1);
    if (scale.numel() != 1) throw NotExpressible("a scale for each axis");
    const Tensor zero = c.in(2, scalar_like(c.in(0), 0));
    return {(ops::cast(c.in(0), scale.dtype()) - ops::cast(zero, scale.dtype())) * scale};
  };
}

}  // namespace

void add_elementwise(OperatorTable& table) {
  add_functions(table);
  add_activations(table);
  add_arithmetic(table);
  add_conversions(table);
}

void add_comparisons(OperatorTable& table) {
  table["And"] = binary<ops::logical_and>;
  table["Or"] = binary<ops::logical_or>;
  table["Xor"] = binary<ops::logical_xor>;
  table["Not"] = unary<ops::logical_not>;
  table["Equal"] = binary<ops::equal>;
  table["Greater"] = binary<ops::greater>;
  table["GreaterOrEqual"] = binary<ops::greater_equal>;
  table["Less"] = binary<ops::less>;
  table["LessOrEqual"] = binary<ops::less_equal>;
  table["IsNaN"] = [](const NodeCase& c) -> Tensors { return {ops::not_equal(c.in(0), c.in(0))}; };
  table["IsInf"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0), no = full({}, 0, DType::boolean);
    const Tensor above = c.flag("detect_positive", true) ? ops::equal(x, scalar_like(x, HUGE_VAL)) : no;
    const Tensor below = c.flag("detect_negative", true) ? ops::equal(x, scalar_like(x, -HUGE_VAL)) : no;
    return {ops::logical_or(above, below)};
  };
  table["Where"] = [](const NodeCase& c) -> Tensors { return {ops::where(c.in(0), c.in(1), c.in(2))}; };
}

}  // namespace triad::onnx
