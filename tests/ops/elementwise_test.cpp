// What the specifications, which are about floats, do not see: arithmetic of integers, and NaN in maximum and minimum.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/reduce/prod.h"
#include "triad/ops/reduce/sum.h"

namespace triad {
namespace {

template <class T>
class Integers : public testing::Test {
 protected:
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  static void expect(Binary f, const std::vector<T>& a, const std::vector<T>& b, const std::vector<T>& expected) {
    const Shape shape = {static_cast<int64_t>(a.size())};
    EXPECT_EQ(f(from_values(a, shape), from_values(b, shape)).template to_vector<T>(), expected);
  }
  static std::vector<T> of(Tensor (*f)(const Tensor&), const std::vector<T>& x) {
    return f(from_values(x, {static_cast<int64_t>(x.size())})).template to_vector<T>();
  }
};
using Signed = testing::Types<int32_t, int64_t>;
TYPED_TEST_SUITE(Integers, Signed);

TYPED_TEST(Integers, SumsAndProductsWrapAround) {
  using T = TypeParam;
  constexpr T kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  this->expect(ops::add, {kMost, kLeast, -3}, {1, -1, 5}, {kLeast, kMost, 2});
  this->expect(ops::sub, {kLeast, kMost, 0}, {1, -1, kLeast}, {kMost, kLeast, kLeast});
  this->expect(ops::mul, {kLeast, kMost, kMost, -4}, {-1, 2, kMost, 5}, {kLeast, -2, 1, -20});
  EXPECT_EQ(this->of(ops::neg, {kLeast, kMost, 3}), (std::vector<T>{kLeast, -kMost, -3}));
  EXPECT_EQ(this->of(ops::abs, {kLeast, -kMost, 3}), (std::vector<T>{kLeast, kMost, 3}));
  EXPECT_EQ(this->of(ops::square, {kMost, kLeast, -7}), (std::vector<T>{1, 0, 49}));
}

TYPED_TEST(Integers, QuotientsRoundDownAndNeverTrap) {
  constexpr TypeParam kLeast = std::numeric_limits<TypeParam>::min();
  this->expect(ops::div, {7, -7, 7, -7, 6, 5, kLeast, kLeast, kLeast}, {2, 2, -2, -2, -3, 0, -1, 0, 1},
               {3, -4, -4, 3, -2, 0, kLeast, 0, kLeast});
}

TYPED_TEST(Integers, PowersAreExactAndWrapAround) {
  using T = TypeParam;
  constexpr T kLeast = std::numeric_limits<T>::min(), bits = std::numeric_limits<T>::digits;  // 31 or 63
  this->expect(ops::pow, {2, 2, 2, -3, 0, 5, kLeast}, {bits - 1, bits, bits + 1, 3, 0, 0, 1},
               {T{1} << (bits - 1), kLeast, 0, -27, 1, 1, kLeast});
  this->expect(ops::pow, {2, 1, -1, -1, 0, kLeast}, {-1, -5, -3, -4, -2, -1}, {0, 1, -1, 1, 0, 0});
}

TEST(IntegersOf64Bits, PowersBeyondTheDigitsOfADoubleAreExact) {
  EXPECT_EQ(ops::pow(from_values<int64_t>({3}, {1}), from_values<int64_t>({39}, {1})).to_vector<int64_t>()[0],
            4052555153018976267);
}

TEST(IntegersOf64Bits, ReductionsWrapAround) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Tensor x = from_values<int64_t>({kMost, 1, kMost, 3}, {2, 2});
  EXPECT_EQ(ops::sum(x, {1}).to_vector<int64_t>(), (std::vector<int64_t>{-kMost - 1, -kMost + 1}));
  EXPECT_EQ(ops::sum(x, {0}).to_vector<int64_t>(), (std::vector<int64_t>{-2, 4}));
  EXPECT_EQ(ops::prod(x, {0}).to_vector<int64_t>(), (std::vector<int64_t>{1, 3}));
}

TEST(Bytes, WrapAroundAndTruthValuesAreLogic) {
  const Tensor a = from_values<uint8_t>({250, 3, 16}, {3}), b = from_values<uint8_t>({10, 5, 2}, {3});
  EXPECT_EQ((a + b).to_vector<uint8_t>(), (std::vector<uint8_t>{4, 8, 18}));
  EXPECT_EQ((a - b).to_vector<uint8_t>(), (std::vector<uint8_t>{240, 254, 14}));
  EXPECT_EQ((a * b).to_vector<uint8_t>(), (std::vector<uint8_t>{196, 15, 32}));
  EXPECT_EQ(ops::pow(a, b).to_vector<uint8_t>(), (std::vector<uint8_t>{0, 243, 0}));
  const Tensor p = from_values({true, true, false, false}, {4}), q = from_values({true, false, true, false}, {4});
  EXPECT_EQ((p + q).to_vector<int64_t>(), (std::vector<int64_t>{1, 1, 1, 0}));
  EXPECT_EQ((p * q).to_vector<int64_t>(), (std::vector<int64_t>{1, 0, 0, 0}));
  EXPECT_EQ(ops::pow(p, q).to_vector<int64_t>(), (std::vector<int64_t>{1, 1, 0, 1}));
}

TEST(Numbers, BesideIntegersAreIntegers) {
  const Tensor x = from_values<int64_t>({7, -7}, {2});
  EXPECT_EQ((x * 2).to_vector<int64_t>(), (std::vector<int64_t>{14, -14}));
  EXPECT_EQ(harness::message_of<ValueError>([&] { x * 0.5; }),
            "elementwise: 0.5 is no i64\n  hint: convert the tensor with ops::cast");
  EXPECT_EQ(harness::message_of<ValueError>([&] { zeros({2}, DType::u8) + 300; }),
            "elementwise: 300 is no u8\n  hint: convert the tensor with ops::cast");
}

TEST(Numbers, StandOnEitherSide) {
  const Tensor x = from_values({1.0, 4.0}, {2});
  EXPECT_EQ((1.5 - x).to_vector<double>(), (std::vector<double>{0.5, -2.5}));
  EXPECT_EQ((2 / x).to_vector<double>(), (std::vector<double>{2, 0.5}));
  EXPECT_EQ((2 * x + (1 + -x)).to_vector<double>(), (std::vector<double>{2, 5}));
}

TEST(Maximum, NaNWinsTheGradientToo) {
  const float nan = std::nanf("");
  for (const auto& f : {ops::maximum, ops::minimum}) {
    const Tensor a = requires_grad(from_values({nan, 1.f, nan, 2.f}, {4}));
    const Tensor b = requires_grad(from_values({1.f, nan, nan, 2.f}, {4}));
    const Tensor y = f(a, b);
    backward(y, full(y.shape(), 6));
    EXPECT_EQ(grad(a).to_vector<float>(), (std::vector<float>{6, 0, 3, 3}));
    EXPECT_EQ(grad(b).to_vector<float>(), (std::vector<float>{0, 6, 3, 3}));
  }
}

}  // namespace
}  // namespace triad
