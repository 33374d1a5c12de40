// The scalar functions behind the elementwise ops, each with its derivative. Written for every compute type (float,
// double, the integers where they make sense) so that CPU kernels and, later, other devices share them.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <type_traits>

namespace triad::ops::scalar {

/// A compile-time list of function types and the position of one of them in it.
template <class... F>
struct List {
  static constexpr int size = sizeof...(F);
  template <class Wanted>
  static constexpr int index_of = [] {
    int found = -1, i = 0;
    ((std::is_same_v<F, Wanted> ? found = i++ : ++i), ...);
    return found;
  }();
  /// Calls visitor(F{}) for the F at position `index`.
  template <class Visitor>
  static void visit(int index, const Visitor& visitor) {
    int i = 0;
    ((i++ == index ? visitor(F{}) : void()), ...);
  }
  template <class Visitor>
  static void for_each(const Visitor& visitor) {
    (visitor(F{}), ...);
  }
};

/// Integers as their unsigned type, whose sums and products wrap around where those of a signed type are undefined; the
/// caller casts the result back. Other types as they are.
template <class T>
auto wrapping(T v) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return static_cast<std::make_unsigned_t<T>>(v);
  else return v;
}

// One argument. value(x) is the function; slope(x, y) its derivative at x, where y = value(x).
// `low` and `high` bound the region where the function is smooth and finite differences are accurate.
#define TRIAD_UNARY(Type, op_name, low_bound, high_bound, value_of_x, slope_of_x_y) \
  struct Type {                                                                     \
    static constexpr std::string_view name = op_name;                               \
    static constexpr double low = (low_bound), high = (high_bound);                 \
    template <class T>                                                              \
    static T value(T x) {                                                           \
      return static_cast<T>(value_of_x);                                            \
    }                                                                               \
    template <class T>                                                              \
    static T slope([[maybe_unused]] T x, [[maybe_unused]] T y) {                    \
      return static_cast<T>(slope_of_x_y);                                          \
    }                                                                               \
  };

template <class T>
T sign_of(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x * T(0);
}  // NaN stays NaN
template <class T>
T sigmoid_of(T x) {  // the two branches keep exp from overflowing
  if (x >= T(0)) return T(1) / (T(1) + std::exp(-x));
  const T e = std::exp(x);
  return e / (T(1) + e);
}
template <class T>
T softplus_of(T x) {
  return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x)));
}

TRIAD_UNARY(Neg, "neg", -2, 2, -wrapping(x), -1)
TRIAD_UNARY(Abs, "abs", 0.1, 2, x < T(0) ? static_cast<T>(-wrapping(x)) : x, sign_of(x))
TRIAD_UNARY(Sign, "sign", 0.1, 2, sign_of(x), 0)
TRIAD_UNARY(Square, "square", -2, 2, wrapping(x) * wrapping(x), T(2) * x)
TRIAD_UNARY(Reciprocal, "reciprocal", 0.3, 2, T(1) / x, -y* y)
TRIAD_UNARY(Sqrt, "sqrt", 0.2, 3, std::sqrt(x), T(0.5) / y)
TRIAD_UNARY(Rsqrt, "rsqrt", 0.3, 3, T(1) / std::sqrt(x), T(-0.5) * y / x)
TRIAD_UNARY(Exp, "exp", -2, 2, std::exp(x), y)
TRIAD_UNARY(Expm1, "expm1", -2, 2, std::expm1(x), y + T(1))
TRIAD_UNARY(Log, "log", 0.2, 3, std::log(x), T(1) / x)
TRIAD_UNARY(Log1p, "log1p", -0.7, 3, std::log1p(x), T(1) / (T(1) + x))
TRIAD_UNARY(Sin, "sin", -3, 3, std::sin(x), std::cos(x))
TRIAD_UNARY(Cos, "cos", -3, 3, std::cos(x), -std::sin(x))
TRIAD_UNARY(Tan, "tan", -1, 1, std::tan(x), T(1) + y * y)
TRIAD_UNARY(Asin, "asin", -0.8, 0.8, std::asin(x), T(1) / std::sqrt(T(1) - x * x))
TRIAD_UNARY(Acos, "acos", -0.8, 0.8, std::acos(x), T(-1) / std::sqrt(T(1) - x * x))
TRIAD_UNARY(Atan, "atan", -2, 2, std::atan(x), T(1) / (T(1) + x * x))
TRIAD_UNARY(Sinh, "sinh", -2, 2, std::sinh(x), std::cosh(x))
TRIAD_UNARY(Cosh, "cosh", -2, 2, std::cosh(x), std::sinh(x))
TRIAD_UNARY(Tanh, "tanh", -2, 2, std::tanh(x), T(1) - y * y)
TRIAD_UNARY(Asinh, "asinh", -2, 2, std::asinh(x), T(1) / std::sqrt(x * x + T(1)))
TRIAD_UNARY(Acosh, "acosh", 1.3, 3, std::acosh(x), T(1) / std::sqrt(x * x - T(1)))
TRIAD_UNARY(Atanh, "atanh", -0.7, 0.7, std::atanh(x), T(1) / (T(1) - x * x))
TRIAD_UNARY(Erf, "erf", -2, 2, std::erf(x), T(2 * std::numbers::inv_sqrtpi) * std::exp(-x * x))
TRIAD_UNARY(Sigmoid, "sigmoid", -3, 3, sigmoid_of(x), y*(T(1) - y))
TRIAD_UNARY(Softplus, "softplus", -3, 3, softplus_of(x), sigmoid_of(x))
TRIAD_UNARY(Relu, "relu", 0.1, 2, x<T(0) ? T(0) : x, x> T(0) ? T(1) : T(0))
TRIAD_UNARY(Floor, "floor", 0.1, 0.9, std::floor(x), 0)
TRIAD_UNARY(Ceil, "ceil", 0.1, 0.9, std::ceil(x), 0)
TRIAD_UNARY(Round, "round", 0.1, 0.4, std::nearbyint(x), 0)
#undef TRIAD_UNARY

using Unary = List<Neg, Abs, Sign, Square, Reciprocal, Sqrt, Rsqrt, Exp, Expm1, Log, Log1p, Sin, Cos, Tan, Asin, Acos,
                   Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Sigmoid, Softplus, Relu, Floor, Ceil, Round>;

// Two arguments of one type.
#define TRIAD_BINARY(Type, op_name, value_of_a_b)     \
  struct Type {                                       \
    static constexpr std::string_view name = op_name; \
    template <class T>                                \
    static auto value(T a, T b) {                     \
      return value_of_a_b;                            \
    }                                                 \
  };

/// Quotient of integers rounds toward minus infinity, as Python's //; a zero divisor gives 0 and not a crash.
template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a && b;
  } else if constexpr (std::is_integral_v<T>) {
    if (b == T(0)) return T(0);
    if constexpr (std::is_signed_v<T>) {
      if (b == T(-1)) return static_cast<T>(-wrapping(a));  // the least integer overflows
    }
    const T q = static_cast<T>(a / b);
    return static_cast<T>(q - ((a % b != 0) && ((a < 0) != (b < 0)) ? 1 : 0));
  } else {
    return a / b;
  }
}
/// Power of integers wraps around; a negative exponent rounds toward 0, and gives 0 for base 0.
template <class T>
T power(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || !b;
  } else if constexpr (std::is_integral_v<T>) {
    if (b < T(0)) return a == T(1) ? a : a == T(-1) ? (b % 2 == 0 ? T(1) : a) : T(0);
    auto result = wrapping(T(1)), square = wrapping(a);
    for (auto rest = wrapping(b); rest != 0; rest >>= 1) {  // by the binary digits of b
      if (rest & 1) result *= square;
      square *= square;
    }
    return static_cast<T>(result);
  } else {
    return std::pow(a, b);
  }
}
/// NaN in either argument gives NaN.
template <class T>
T larger(T a, T b) {
  return a > b || a != a ? a : b;
}
template <class T>
T smaller(T a, T b) {
  return a < b || a != a ? a : b;
}

TRIAD_BINARY(Add, "add", static_cast<T>(wrapping(a) + wrapping(b)))
TRIAD_BINARY(Sub, "sub", static_cast<T>(wrapping(a) - wrapping(b)))
TRIAD_BINARY(Mul, "mul", static_cast<T>(wrapping(a) * wrapping(b)))
TRIAD_BINARY(Div, "div", quotient(a, b))
TRIAD_BINARY(Pow, "pow", power(a, b))
TRIAD_BINARY(Maximum, "maximum", larger(a, b))
TRIAD_BINARY(Minimum, "minimum", smaller(a, b))
TRIAD_BINARY(Equal, "equal", a == b)
TRIAD_BINARY(NotEqual, "not_equal", a != b)
TRIAD_BINARY(Less, "less", a < b)
TRIAD_BINARY(LessEqual, "less_equal", a <= b)
TRIAD_BINARY(Greater, "greater", a > b)
TRIAD_BINARY(GreaterEqual, "greater_equal", a >= b)
TRIAD_BINARY(LogicalAnd, "logical_and", a != T(0) && b != T(0))
TRIAD_BINARY(LogicalOr, "logical_or", a != T(0) || b != T(0))
TRIAD_BINARY(LogicalXor, "logical_xor", (a != T(0)) != (b != T(0)))
#undef TRIAD_BINARY

using Binary = List<Add, Sub, Mul, Div, Pow, Maximum, Minimum, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,
                    LogicalAnd, LogicalOr, LogicalXor>;

/// True for the functions above whose value is a truth value.
template <class F>
inline constexpr bool is_predicate = std::is_same_v<decltype(F::template value<float>(0, 0)), bool>;

}  // namespace triad::ops::scalar
