// What goes on the tape and what does not.
#include <thread>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/autograd/parameter.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/sum.h"

namespace triad {
namespace {

using harness::message_of;
using Values = std::vector<double>;

TEST(RequiresGrad, MarksLeavesOfFloatingDType) {
  const Tensor x = requires_grad(zeros({2}));
  EXPECT_TRUE(x.requires_grad());
  EXPECT_FALSE(x.detach().requires_grad());
  EXPECT_FALSE(requires_grad(x, false).requires_grad());
  EXPECT_EQ(message_of<DTypeError>([] { requires_grad(zeros({2}, DType::i64)); }),
            "requires_grad: a tensor of i64 has no gradient");
  EXPECT_EQ(message_of<AutogradError>([] { requires_grad(requires_grad(zeros({2})) * 2.0); }),
            "requires_grad: the tensor is the output of mul\n  hint: detach() it first");
}

TEST(RequiresGrad, HandlesOfOneTensorShareIt) {
  const Tensor a = zeros({2}, DType::f64);
  const Tensor b = a;
  requires_grad(a);
  EXPECT_TRUE(b.requires_grad());
  backward(ops::sum(a + b));
  EXPECT_EQ(grad(b).to_vector<double>(), (Values{2, 2}));
}

TEST(NoGrad, KeepsTheTapeEmptyInItsScopeAndThread) {
  const Tensor x = requires_grad(zeros({2}));
  {
    const NoGrad off;
    EXPECT_FALSE(grad_enabled());
    EXPECT_FALSE((x * 2.0).requires_grad());
    {
      const EnableGrad on;
      EXPECT_TRUE((x * 2.0).requires_grad());
    }
    EXPECT_FALSE(grad_enabled());
    bool elsewhere = false;
    std::thread([&] { elsewhere = (x * 2.0).requires_grad(); }).join();
    EXPECT_TRUE(elsewhere);
  }
  EXPECT_TRUE((x * 2.0).requires_grad());
}

TEST(NoGrad, DerivativesAreNotRecorded) {
  const Tensor x = requires_grad(full({1}, 3, DType::f64));
  backward(x * x);
  EXPECT_FALSE(grad(x).requires_grad());
}

TEST(Tape, OnlyWhatDependsOnALeafIsRecorded) {
  const Tensor x = requires_grad(zeros({2})), constant = zeros({2});
  EXPECT_FALSE((constant + constant).requires_grad());
  EXPECT_TRUE((constant + x).requires_grad());
  EXPECT_FALSE(ops::argmax(x, 0).requires_grad()) << "integral outputs end the tape";
  EXPECT_TRUE(will_record({constant, x}));
  EXPECT_TRUE(will_record({Tensor(), x}));
  EXPECT_FALSE(will_record({constant, Tensor()}));
}

TEST(Tape, AnOpWithoutDerivativeRefusesAGradient) {
  const Tensor x = requires_grad(zeros({2}));
  EXPECT_EQ(message_of<AutogradError>([&] { refuse_gradient("sort", {x}, "ties have none"); }),
            "sort: has no derivative: ties have none\n  hint: detach() the input, or call it under NoGrad");
  const NoGrad off;
  EXPECT_EQ(message_of<AutogradError>([&] { refuse_gradient("sort", {x}, "ties have none"); }), "nothing was thrown");
}

TEST(Tape, AnOutputWithoutPartInTheLossHasZeroCotangent) {
  const Tensor x = requires_grad(full({1}, 2, DType::f64));
  std::vector<bool> reached;
  Values unreached;
  const Tensor inputs[] = {x};
  std::vector<Tensor> copies = {clone(x.detach()), clone(x.detach())};
  const std::vector<Tensor> y = record("two", inputs, std::move(copies), {}, [&](const Backward& b) -> Gradients {
    reached = {b.has_dy(0), b.has_dy(1)};
    unreached = b.dy(0).to_vector<double>();
    return {b.dy(1)};
  });
  backward(y[1]);
  EXPECT_EQ(reached, (std::vector<bool>{false, true}));
  EXPECT_EQ(unreached, (Values{0}));
  EXPECT_EQ(grad(x).to_vector<double>(), (Values{1}));
}

TEST(Tape, DerivativesKnowWhichGradientsAreNeeded) {
  const Tensor x = requires_grad(full({1}, 2, DType::f64)), constant = full({1}, 3, DType::f64);
  std::vector<bool> needed;
  const Tensor y = record("pick", {x, constant, Tensor()}, clone(x.detach()), {}, [&](const Backward& b) -> Gradients {
    needed = {b.needs(0), b.needs(1), b.needs(2)};
    return {b.dy(), Tensor(), Tensor()};
  });
  backward(y);
  EXPECT_EQ(needed, (std::vector<bool>{true, false, false}));
}

TEST(Parameter, InAnotherDTypeItsGradientArrivesAtTheMaster) {
  const Parameter weight(from_values({1.f, 2.f}, {2}));
  const Tensor half = weight.as(DType::bf16);
  EXPECT_EQ(half.dtype(), DType::bf16);
  backward(ops::sum(half * half));
  EXPECT_EQ(grad(weight.value()).dtype(), DType::f32);
  EXPECT_EQ(grad(weight.value()).to_vector<double>(), (Values{2, 4}));
  EXPECT_EQ(weight.as(DType::bf16).raw_data(), half.raw_data()) << "converted once";
}

// Two gradients of 1 and 2^-8, which bf16 adds up to 1.
TEST(Parameter, GradientsOfSeveralUsesAreAddedInTheDTypeOfTheMaster) {
  const Parameter weight(from_values({1.f}, {1}));
  const Tensor small = full({1}, 0x1p-8, DType::bf16);
  backward(ops::sum(weight.as(DType::bf16) + weight.as(DType::bf16) * small));
  EXPECT_EQ(grad(weight.value()).to_vector<double>(), (Values{1 + 0x1p-8}));
}

TEST(Parameter, TheConvertedCopyFollowsTheMaster) {
  Parameter weight(from_values({1.f, 2.f}, {2}));
  EXPECT_EQ(weight.as(DType::bf16).to_vector<double>(), (Values{1, 2}));
  weight.assign("w", from_values({3.0, 4.0}, {2}));
  EXPECT_EQ(weight.as(DType::bf16).to_vector<double>(), (Values{3, 4}));
  EXPECT_EQ(message_of<ShapeError>([&] { weight.assign("layer.w", zeros({3})); }),
            "assign: layer.w has shape [3], expected [2]");
}

TEST(Parameter, MovesIntoAnArena) {
  Parameter weight(from_values({1.f, 2.f}, {2}));
  const Tensor values = zeros({6}), gradients = zeros({6});
  weight.relocate(views::slice(values, 0, 2, 4), views::slice(gradients, 0, 2, 4));
  EXPECT_EQ(values.to_vector<double>(), (Values{0, 0, 1, 2, 0, 0}));
  backward(ops::sum(weight.value() * 5.0));
  EXPECT_EQ(gradients.to_vector<double>(), (Values{0, 0, 5, 5, 0, 0}));
}

}  // namespace
}  // namespace triad
