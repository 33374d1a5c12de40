#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/autograd/parameter.h"
#include "triad/core/base/philox.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/comparison.h"

namespace triad {
namespace {

using Block = std::function<std::vector<Tensor>(std::span<const Tensor>)>;

Tensor random(const Shape& shape, uint64_t seed) {
  RandomStream stream(RandomKey{.seed = seed});
  std::vector<float> values;
  for (int64_t i = 0; i < shape.numel(); ++i) values.push_back(static_cast<float>(stream.normal()));
  return from_values(values, shape);
}

/// Keeps half of the elements: a pure function of the key, as dropout is.
Tensor dropped(const Tensor& x, const RandomKey& key) {
  RandomStream stream(key);
  std::vector<float> mask;
  for (int64_t i = 0; i < x.numel(); ++i) mask.push_back(stream.uniform() < 0.5 ? 0.f : 2.f);
  return x * from_values(mask, x.shape());
}

/// A layer with a captured parameter and two outputs.
Block layer(const Tensor& weight, const RandomKey& key) {
  return [weight, key](std::span<const Tensor> in) -> std::vector<Tensor> {
    const Tensor h = ops::tanh(in[0] * weight);
    return {dropped(h, key) + in[1], ops::exp(h)};
  };
}

struct Outcome {
  std::vector<Tensor> outputs, gradients;
};

Outcome run(bool with_recompute, int layers) {
  std::vector<Tensor> leaves;
  for (int i = 0; i < layers + 2; ++i) leaves.push_back(requires_grad(random({3, 4}, static_cast<uint64_t>(i))));
  std::vector<Tensor> x = {leaves[0], leaves[1]};
  for (int i = 0; i < layers; ++i) {
    const Block f =
        layer(leaves[static_cast<size_t>(i) + 2], RandomKey{.seed = 7, .step = 3}.at(static_cast<uint32_t>(i)));
    x = with_recompute ? recompute(f, x) : f(x);
  }
  const Tensor cotangents[] = {random({3, 4}, 100), random({3, 4}, 101)};
  backward(x, cotangents);
  Outcome out{x, {}};
  for (const Tensor& t : leaves) out.gradients.push_back(grad(t));
  return out;
}

TEST(Recompute, GivesTheSameBitsAsTheTape) {
  const Outcome plain = run(false, 4), again = run(true, 4);
  for (size_t i = 0; i < plain.outputs.size(); ++i) {
    EXPECT_TRUE(ops::compare_bits(again.outputs[i], plain.outputs[i]).passed);
  }
  for (size_t i = 0; i < plain.gradients.size(); ++i) {
    const ops::Comparison same = ops::compare_bits(again.gradients[i], plain.gradients[i]);
    EXPECT_TRUE(same.passed) << "leaf " << i << ": " << same.message;
  }
}

TEST(Recompute, KeepsInputsAndOutputsOnly) {
  const auto held_after_forward = [](bool with_recompute) {
    const Tensor x = requires_grad(random({1000}, 1));
    const size_t before = allocator(kCpu).stats().in_use;
    const Block f = [](std::span<const Tensor> in) -> std::vector<Tensor> {
      Tensor h = in[0];
      for (int i = 0; i < 10; ++i) h = ops::sin(h);
      return {h};
    };
    const std::vector<Tensor> y = with_recompute ? recompute(f, std::span(&x, 1)) : f(std::span(&x, 1));
    return allocator(kCpu).stats().in_use - before;
  };
  EXPECT_GE(held_after_forward(false), 10u * 4000);
  EXPECT_LT(held_after_forward(true), 2u * 4000);
}

TEST(Recompute, ReachesCapturedParametersEvenIfNoInputWantsAGradient) {
  const Tensor weight = requires_grad(full({2}, 3)), x = full({2}, 5);
  const std::vector<Tensor> y = recompute(
      [weight](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * weight}; }, std::span(&x, 1));
  backward(ops::sum(y[0]));
  EXPECT_EQ(grad(weight).to_vector<double>(), (std::vector<double>{5, 5}));
}

TEST(Recompute, AMasterInsideGetsItsGradientInItsOwnDType) {
  const Parameter weight(full({2}, 3));
  const Tensor x = full({2}, 5, DType::bf16);
  const std::vector<Tensor> y = recompute(
      [&weight](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * weight.as(DType::bf16)}; },
      std::span(&x, 1));
  backward(ops::sum(y[0]));
  EXPECT_EQ(grad(weight.value()).dtype(), DType::f32);
  EXPECT_EQ(grad(weight.value()).to_vector<double>(), (std::vector<double>{5, 5}));
}

/// What the hook of `leaf` has seen.
std::shared_ptr<std::vector<std::vector<double>>> watch(const Tensor& leaf) {
  auto seen = std::make_shared<std::vector<std::vector<double>>>();
  on_gradient_ready(leaf, [seen](const Tensor& gradient) { seen->push_back(gradient.to_vector<double>()); });
  return seen;
}

/// in[0] * weight, recomputed.
Tensor scaled(const Tensor& x, const Tensor& weight) {
  return recompute([weight](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * weight}; },
                   std::span(&x, 1))[0];
}

TEST(Recompute, AHookSeesTheCompleteGradientOfAParameterUsedInTwoBlocks) {
  const Tensor weight = requires_grad(full({1}, 3));
  const auto seen = watch(weight);
  backward(scaled(scaled(full({1}, 5), weight), weight));
  EXPECT_EQ(*seen, (std::vector<std::vector<double>>{{2 * 5 * 3}}));
}

TEST(Recompute, AHookSeesTheCompleteGradientOfAParameterUsedInsideAndOutside) {
  const Tensor weight = requires_grad(full({1}, 3)), x = requires_grad(full({1}, 5));
  const auto seen = watch(weight), seen_x = watch(x);
  const Tensor y = scaled(x * weight, weight);
  const Tensor outputs[] = {y, weight}, cotangents[] = {Tensor(), full({1}, 1000)};
  backward(outputs, cotangents);
  EXPECT_EQ(*seen, (std::vector<std::vector<double>>{{2 * 5 * 3 + 1000}}));
  EXPECT_EQ(*seen_x, (std::vector<std::vector<double>>{{9}}));
}

TEST(Recompute, AHookRunsAsSoonAsTheGradientIsComplete) {
  const Tensor first = requires_grad(full({1}, 3)), last = requires_grad(full({1}, 2));
  std::vector<std::string> order;
  on_gradient_ready(last, [&](const Tensor&) { order.push_back(grad(first).defined() ? "late" : "early"); });
  backward(scaled(scaled(full({1}, 5), first), last));
  EXPECT_EQ(order, (std::vector<std::string>{"early"})) << "communication overlaps with the rest of the pass";
}

TEST(Recompute, ACapturedTensorWithAHistoryPassesItsGradientOn) {
  const Tensor x = requires_grad(full({1}, 5));
  const Tensor square = x * x;
  backward(scaled(square, square) + square);  // x^4 + x^2
  EXPECT_EQ(grad(x).to_vector<double>(), (std::vector<double>{4 * 125 + 10}));
}

TEST(Recompute, ACapturedTensorMayBeHandedThrough) {
  const Tensor weight = requires_grad(full({1}, 3)), x = full({1}, 5);
  const auto seen = watch(weight);
  const std::vector<Tensor> y = recompute(
      [weight](std::span<const Tensor> in) -> std::vector<Tensor> { return {weight, in[0]}; }, std::span(&x, 1));
  backward(y[0] * 2.0);
  EXPECT_EQ(*seen, (std::vector<std::vector<double>>{{2}}));
}

TEST(Recompute, ACapturedTensorUnderNoGradIsAConstant) {
  const Tensor weight = requires_grad(full({1}, 3)), x = requires_grad(full({1}, 5));
  const Block f = [weight](std::span<const Tensor> in) -> std::vector<Tensor> {
    Tensor factor;
    {
      const NoGrad off;
      factor = weight * 2.0;
    }
    return {in[0] * factor};
  };
  backward(recompute(f, std::span(&x, 1))[0]);
  EXPECT_EQ(grad(x).to_vector<double>(), (std::vector<double>{6}));
  EXPECT_FALSE(grad(weight).defined());
}

TEST(Recompute, NothingToDifferentiateLeavesNothingOnTheTape) {
  const Tensor weight = full({1}, 3);
  EXPECT_FALSE(scaled(full({1}, 5), weight).requires_grad());
}

TEST(Recompute, ACapturedTensorChangedInPlaceIsAnError) {
  Tensor weight = requires_grad(full({1}, 3));
  const Tensor y = scaled(full({1}, 5), weight);
  weight.mutable_data<float>()[0] = 9;
  EXPECT_THAT(harness::message_of<AutogradError>([&] { backward(y); }),
              testing::HasSubstr("recompute: saved tensor 1 of shape [1] was changed in place after the forward pass"));
}

TEST(Recompute, OutputsThatTakeNoPartInTheLossCostNothing) {
  const Tensor x = requires_grad(full({2}, 2));
  const std::vector<Tensor> y =
      recompute([](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * 3.0, ops::exp(in[0])}; },
                std::span(&x, 1));
  backward(ops::sum(y[0]));
  EXPECT_EQ(grad(x).to_vector<double>(), (std::vector<double>{3, 3}));
}

TEST(Recompute, AnInputMayPassThroughUnchanged) {
  const Tensor x = requires_grad(full({2}, 2)), flags = full({2}, 1, DType::boolean);
  const Tensor inputs[] = {x, flags, Tensor()};
  const std::vector<Tensor> y =
      recompute([](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0], in[0] * 2.0, in[1]}; }, inputs);
  EXPECT_EQ(y[2].to_vector<int64_t>(), (std::vector<int64_t>{1, 1}));
  backward(ops::sum(y[0] + y[1]));
  EXPECT_EQ(grad(x).to_vector<double>(), (std::vector<double>{3, 3})) << "x is still a leaf";
}

TEST(Recompute, MayBeNested) {
  const Tensor x = requires_grad(full({2}, 0.5));
  const Block inner = [](std::span<const Tensor> in) -> std::vector<Tensor> { return {ops::square(in[0])}; };
  const Block outer = [inner](std::span<const Tensor> in) { return recompute(inner, recompute(inner, in)); };
  backward(ops::sum(recompute(outer, std::span(&x, 1))[0]));
  EXPECT_EQ(grad(x).to_vector<double>(), (std::vector<double>{4 * 0.125, 4 * 0.125}));
}

TEST(Recompute, UnderNoGradItJustRuns) {
  const NoGrad off;
  const Tensor x = requires_grad(full({2}, 2));
  const std::vector<Tensor> y =
      recompute([](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * 3.0}; }, std::span(&x, 1));
  EXPECT_FALSE(y[0].requires_grad());
}

TEST(Recompute, AnInputChangedInPlaceIsAnError) {
  const Tensor w = requires_grad(full({1}, 2));
  Tensor x = full({1}, 2);
  const uint64_t version = x.version();
  const std::vector<Tensor> y =
      recompute([w](std::span<const Tensor> in) -> std::vector<Tensor> { return {in[0] * w}; }, std::span(&x, 1));
  x.mutable_data<float>()[0] = 9;
  EXPECT_EQ(harness::message_of<AutogradError>([&] { backward(y[0]); }),
            str("recompute: saved tensor 0 of shape [1] was changed in place after the forward pass: its version is ",
                version + 1, ", expected ", version, "\n  hint: write to a copy, or after backward()"));
}

TEST(Recompute, AConstantThatChangedInBetweenIsNoticed) {
  const Tensor x = requires_grad(random({3}, 1));
  Tensor c = random({3}, 2);
  const Tensor in[] = {x};
  const Tensor y = recompute([c](std::span<const Tensor> t) -> std::vector<Tensor> { return {t[0] * c}; }, in)[0];
  c.mutable_data<float>()[1] = 100;
  EXPECT_EQ(harness::message_of<AutogradError>([&] { backward(ops::sum(y)); }),
            "recompute: a tensor that the function read was changed in place since: its version is 2, expected 1\n"
            "  hint: write to a copy, or after backward()");
}

TEST(Recompute, WhatItReadAndThatHasEndedSinceDoesNotCount) {
  const Tensor x = requires_grad(random({3}, 1));
  const Tensor in[] = {x};
  const auto f = [](std::span<const Tensor> t) -> std::vector<Tensor> { return {ops::exp(t[0] * random({3}, 2))}; };
  Tensor y = recompute(f, in)[0];
  y.detach().mutable_data<float>()[0] = 0;  // an output is the caller's
  EXPECT_NO_THROW(backward(ops::sum(y)));
}

TEST(Recompute, TheSecondRunMakesAsManyTensors) {
  const Tensor x = requires_grad(random({3}, 1));
  int calls = 0;
  const auto f = [&calls](std::span<const Tensor> t) -> std::vector<Tensor> {
    if (calls++ == 0) return {t[0] * 2, t[0] * 3};
    return {t[0] * 2};
  };
  const Tensor in[] = {x};
  const std::vector<Tensor> y = recompute(f, in);
  EXPECT_EQ(harness::message_of<AutogradError>([&] { backward(ops::sum(y[0]) + ops::sum(y[1])); }),
            "recompute: the function returned 1 tensors the second time, 2 the first\n"
            "  hint: it must be a pure function");
}

}  // namespace
}  // namespace triad
