// The vector functions against <cmath> in f64, on every instruction set this machine has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/core/cpu/vector_math_test.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/harness/instruction_sets.h"
#include "triad/core/cpu/vector_math-inl.h"
#include "triad/core/cpu/vector_row-inl.h"

namespace triad::test_vector_math {
#ifndef TRIAD_TEST_VECTOR_MATH_FUNCTIONS
#define TRIAD_TEST_VECTOR_MATH_FUNCTIONS
enum class Function { exp, sigmoid, softplus, tanh, cumulative, density, erf };
struct Rows {
  const std::vector<float>& x;
  std::vector<float>& y;
};
#endif
}  // namespace triad::test_vector_math

HWY_BEFORE_NAMESPACE();
namespace triad::test_vector_math::HWY_NAMESPACE {

namespace vec = triad::cpu::HWY_NAMESPACE;

void evaluate(Function function, const Rows& rows) {
  const vec::Tag<float> d;
  vec::for_each_vector<float>(static_cast<int64_t>(rows.x.size()), [&](auto part, int64_t i) {
    const auto x = part.load(rows.x.data() + i);
    auto y = x;
    switch (function) {
      case Function::exp: y = vec::exp(d, x); break;
      case Function::sigmoid: y = vec::sigmoid(d, x); break;
      case Function::softplus: y = vec::softplus(d, x); break;
      case Function::tanh: y = vec::tanh(d, x); break;
      case Function::cumulative: y = vec::normal(d, x).cumulative; break;
      case Function::density: y = vec::normal(d, x).density; break;
      case Function::erf: y = vec::erf(d, x); break;
    }
    part.store(y, rows.y.data() + i);
  });
}

/// To a 16-bit type and back, as vectors; the rest of `to` is left alone.
template <class T>
void convert(const std::vector<float>& from, std::vector<T>& to, std::vector<float>& back) {
  vec::for_each_vector<float>(static_cast<int64_t>(from.size()), [&](auto part, int64_t i) {
    part.store(part.load(from.data() + i), to.data() + i);
    part.store(part.load(to.data() + i), back.data() + i);
  });
}
void convert_bf16(const std::vector<float>& from, std::vector<BFloat16>& to, std::vector<float>& back) {
  convert(from, to, back);
}
void convert_f16(const std::vector<float>& from, std::vector<Float16>& to, std::vector<float>& back) {
  convert(from, to, back);
}

}  // namespace triad::test_vector_math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::test_vector_math {
namespace {

HWY_EXPORT(evaluate);
HWY_EXPORT(convert_bf16);
HWY_EXPORT(convert_f16);

std::vector<float> evaluate(Function function, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  HWY_DYNAMIC_DISPATCH(evaluate)(function, Rows{x, y});
  return y;
}

double reference(Function function, double x) {
  switch (function) {
    case Function::exp: return std::exp(x);
    case Function::sigmoid: return 1 / (1 + std::exp(-x));
    case Function::softplus: return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    case Function::tanh: return std::tanh(x);
    case Function::cumulative: return 0.5 * std::erfc(-x * std::sqrt(0.5));
    case Function::density: return std::exp(-x * x / 2) * std::sqrt(0.5 / std::acos(-1.0));
    case Function::erf: return std::erf(x);
  }
  return 0;
}

/// An even spread of 400,001 values, the neighbourhood of 0 in powers of two, both signs.
std::vector<float> arguments(float bound) {
  std::vector<float> x;
  for (int i = -200000; i <= 200000; ++i) x.push_back(bound * static_cast<float>(i) / 200000.0f);
  for (int e = -126; e <= 0; ++e) {
    x.push_back(std::ldexp(1.1f, e));
    x.push_back(-x.back());
  }
  return x;
}

struct Case {
  Function function;
  const char* name;
  float bound;
  double tolerance;
};

TEST(VectorMath, RelativeErrorInEveryInstructionSet) {
  for (const Case& c : {Case{Function::exp, "exp", 88, 2e-7}, Case{Function::sigmoid, "sigmoid", 87, 3e-7},
                        Case{Function::softplus, "softplus", 87, 3e-7}, Case{Function::tanh, "tanh", 20, 3e-7},
                        Case{Function::cumulative, "cumulative", 13, 6e-7},
                        Case{Function::density, "density", 13, 3e-7}, Case{Function::erf, "erf", 6, 3e-7}}) {
    const std::vector<float> x = arguments(c.bound);
    harness::for_each_instruction_set([&](const char* set) {
      const std::vector<float> y = evaluate(c.function, x);
      double worst = 0;
      float at = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double expected = reference(c.function, x[i]);
        const double error = std::abs(y[i] - expected) / std::abs(expected);
        if (x[i] != 0 && !(error <= worst)) worst = error, at = x[i];
      }
      const bool fused = std::string_view(set) != "SCALAR" && std::string_view(set) != "SSE2";
      const bool squares = c.function == Function::cumulative || c.function == Function::density;
      EXPECT_LE(worst, squares && !fused ? 5e-6 : c.tolerance) << c.name << " on " << set << " at " << at;
      RecordProperty(std::string(c.name) + " " + set, std::to_string(worst * 1e7) + "e-7");
    });
  }
}

TEST(VectorMath, LimitsAndNan) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {0.0f, -0.0f, kInf, -kInf, std::nanf(""), 1e30f, -1e30f, 100.0f, -100.0f, -103.0f};
  harness::for_each_instruction_set([&](const char* set) {
    for (const Function function : {Function::exp, Function::sigmoid, Function::softplus, Function::tanh,
                                    Function::cumulative, Function::density, Function::erf}) {
      const std::vector<float> y = evaluate(function, x);
      for (size_t i = 0; i < x.size(); ++i) {
        const auto expected = static_cast<float>(reference(function, x[i]));
        const std::string where = str("function ", static_cast<int>(function), " on ", set, " at ", x[i]);
        if (std::isnan(expected)) EXPECT_TRUE(std::isnan(y[i])) << where;
        else if (std::isinf(expected)) EXPECT_EQ(y[i], expected) << where;
        else EXPECT_NEAR(y[i], expected, 1e-6f * std::abs(expected) + 1e-37f) << where;
      }
    }
    EXPECT_TRUE(std::signbit(evaluate(Function::tanh, x)[1])) << set;
    EXPECT_TRUE(std::signbit(evaluate(Function::erf, x)[1])) << set;
  });
}

template <class T, class Convert>
void expect_conversions_as_scalar(const Convert& convert) {
  std::vector<float> from;
  for (uint32_t i = 0; i < 70001; ++i) from.push_back(std::bit_cast<float>(i * 61357u));  // all exponents, both signs
  for (const float v : {65504.0f, 65519.0f, 65520.0f, 0x1p-24f, 0x1p-25f, 0x1.8p-24f, 1.00390625f, 1.01171875f})
    from.push_back(v);
  harness::for_each_instruction_set([&](const char* set) {
    std::vector<T> to(from.size());
    std::vector<float> back(from.size());
    convert(from, to, back);
    for (size_t i = 0; i < from.size(); ++i) {
      const T expected = from[i];
      if (std::isnan(from[i])) {
        ASSERT_TRUE(std::isnan(static_cast<float>(to[i])) && std::isnan(back[i])) << set;
      } else {
        ASSERT_EQ(to[i].bits, expected.bits) << from[i] << " on " << set;
        ASSERT_EQ(back[i], static_cast<float>(expected)) << from[i] << " on " << set;
      }
    }
  });
}

TEST(VectorRow, StoresRoundAsTheScalarTypes) {
  expect_conversions_as_scalar<BFloat16>([](auto&... a) { HWY_DYNAMIC_DISPATCH(convert_bf16)(a...); });
  expect_conversions_as_scalar<Float16>([](auto&... a) { HWY_DYNAMIC_DISPATCH(convert_f16)(a...); });
}

}  // namespace
}  // namespace triad::test_vector_math
#endif
