#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/comparison.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"

namespace triad {
namespace {

using harness::message_of;
using Values = std::vector<double>;

Tensor leaf(std::initializer_list<double> values) {
  return requires_grad(from_values(values, {static_cast<int64_t>(values.size())}));
}

Values gradient_of(const Tensor& x) { return grad(x).defined() ? grad(x).to_vector<double>() : Values{}; }

TEST(Backward, GradientsOfSeveralPassesAddUp) {
  const Tensor x = leaf({1, 2});
  backward(ops::sum(x * x));
  EXPECT_EQ(gradient_of(x), (Values{2, 4}));
  backward(ops::sum(x * 3.0));
  EXPECT_EQ(gradient_of(x), (Values{5, 7}));
  set_grad(x, Tensor());
  EXPECT_FALSE(grad(x).defined());
}

TEST(Backward, ATensorUsedSeveralTimesGetsTheSum) {
  const Tensor x = leaf({3});
  const Tensor a = x * 2.0, b = x * x;  // a diamond: both meet again in c
  const Tensor c = a * b + a;
  backward(c);  // 2x^3 + 2x
  EXPECT_EQ(gradient_of(x), (Values{6 * 9 + 2}));
}

TEST(Backward, ANodeWaitsForAllItsCotangents) {
  const Tensor x = leaf({2});
  Tensor deep = ops::square(x);  // feeds the end directly and through a long way round
  const Tensor direct = deep;
  for (int i = 0; i < 50; ++i) deep = deep + direct;
  backward(deep);
  EXPECT_EQ(gradient_of(x), (Values{51 * 4}));
}

TEST(Backward, SeveralOutputsAtOnceWalkTheTapeOnce) {
  const Tensor x = leaf({1, 2});
  int hooks = 0;
  on_gradient_ready(x, [&](const Tensor&) { ++hooks; });
  const Tensor y = x * x, z = ops::sum(y);  // z depends on y
  const Tensor outputs[] = {y, z}, cotangents[] = {from_values({1.0, 10.0}, {2}), Tensor()};
  backward(outputs, cotangents);
  EXPECT_EQ(gradient_of(x), (Values{2 * (1 + 1), 4 * (10 + 1)}));
  EXPECT_EQ(hooks, 1);
}

TEST(Backward, UnusedPartsStayWithoutGradient) {
  const Tensor x = leaf({1, 2, 3}), unused = leaf({1});
  const std::vector<Tensor> parts = ops::split(x, {1, 2}, 0);
  const Tensor aside = parts[0] * unused;
  backward(ops::sum(parts[1]));
  EXPECT_EQ(gradient_of(x), (Values{0, 1, 1}));
  EXPECT_FALSE(grad(unused).defined());
}

TEST(Backward, TheCotangentWeighsTheOutput) {
  const Tensor x = leaf({1, 2});
  backward(ops::exp(x) * 0.0 + x, from_values({5.0, 7.0}, {2}));
  EXPECT_EQ(gradient_of(x), (Values{5, 7}));
}

TEST(Backward, TheGradientIsNotAnAliasOfTheCotangent) {
  const Tensor x = leaf({1, 2});
  Tensor cotangent = from_values({5.0, 7.0}, {2});
  backward(ops::reshape(x, {2, 1}), ops::reshape(cotangent, {2, 1}));
  backward(x, cotangent);  // a leaf may be asked directly
  cotangent.mutable_data<double>()[0] = 100;
  EXPECT_EQ(gradient_of(x), (Values{10, 14}));
}

TEST(Backward, GradientsGoIntoTheBufferGiven) {
  const Tensor x = leaf({1, 2});
  const Tensor arena = full({5}, 10, DType::f64);
  set_grad(x, views::slice(arena, 0, 1, 3));
  backward(ops::sum(x * x));
  EXPECT_EQ(arena.to_vector<double>(), (Values{10, 12, 14, 10, 10}));
  EXPECT_EQ(grad(x).raw_data(), arena.data<double>() + 1) << "written in place";
  EXPECT_EQ(message_of<ShapeError>([&] { set_grad(x, zeros({3}, DType::f64)); }),
            "set_grad: gradient has shape [3], expected [2]");
  EXPECT_EQ(message_of<DTypeError>([&] { set_grad(x, zeros({2})); }),
            "set_grad: gradient is f32, expected f64\n  hint: convert with ops::cast");
}

TEST(Backward, AStretchedBufferIsRefused) {
  const Tensor x = requires_grad(zeros({2, 3}));
  EXPECT_EQ(message_of<ShapeError>([&] { set_grad(x, views::expand(zeros({3}), {2, 3})); }),
            "set_grad: elements of the gradient lie on top of each other\n"
            "  hint: clone() it: gradients are added to it in place");
}

TEST(Backward, AHookSeesTheCompleteGradient) {
  const Tensor x = leaf({1, 2});
  std::vector<Values> seen;
  on_gradient_ready(x, [&](const Tensor& g) { seen.push_back(g.to_vector<double>()); });
  backward(ops::sum(x * x) + ops::sum(x));
  backward(ops::sum(x));
  EXPECT_EQ(seen, (std::vector<Values>{{3, 5}, {4, 6}}));
  EXPECT_EQ(message_of<AutogradError>([&] { on_gradient_ready(x * 1.0, [](const Tensor&) {}); }),
            "on_gradient_ready: expected a leaf that requires a gradient");
}

TEST(Backward, ALeafPassedAsAnOutputStillGetsItsHookOnce) {
  const Tensor x = leaf({1, 2});
  std::vector<Values> seen;
  on_gradient_ready(x, [&](const Tensor& g) { seen.push_back(g.to_vector<double>()); });
  const Tensor outputs[] = {x, ops::sum(x * x)}, cotangents[] = {from_values({10.0, 20.0}, {2}), Tensor()};
  backward(outputs, cotangents);
  EXPECT_EQ(seen, (std::vector<Values>{{12, 24}}));
}

TEST(Backward, AReleasedTapeIsAnErrorUnlessItWasKept) {
  const Tensor x = leaf({2});
  const Tensor y = x * x;
  backward(y, {}, /*retain_tape=*/true);
  backward(y);
  EXPECT_EQ(gradient_of(x), (Values{8}));
  EXPECT_EQ(message_of<AutogradError>([&] { backward(y); }),
            "mul: its part of the tape was released by an earlier backward()\n"
            "  hint: pass retain_tape to the first backward()");
}

TEST(Backward, ReleasesWhatItSaved) {
  const Tensor x = leaf({2});
  const size_t before = allocator(kCpu).stats().in_use;
  {
    Tensor y = ops::exp(ops::exp(x));
    backward(y);
    set_grad(x, Tensor());
    EXPECT_EQ(allocator(kCpu).stats().in_use, before + sizeof(double)) << "only y is left of the tape";
  }
  EXPECT_EQ(allocator(kCpu).stats().in_use, before);
}

TEST(Backward, ASavedTensorChangedInPlaceIsAnError) {
  const Tensor x = leaf({1, 2});
  Tensor factor = from_values({3.0, 4.0}, {2});
  const uint64_t version = factor.version();
  const Tensor y = ops::sum(x * factor);
  Tensor view = views::slice(factor, 0, 1, 2);  // through a view, too
  view.mutable_data<double>()[0] = 40;
  EXPECT_EQ(message_of<AutogradError>([&] { backward(y); }),
            str("mul: saved tensor 1 of shape [2] was changed in place after the forward pass: its version is ",
                version + 1, ", expected ", version, "\n  hint: write to a copy, or after backward()"));
}

TEST(Backward, ATensorNobodySavedMayBeChanged) {
  const Tensor x = leaf({1, 2});
  Tensor term = from_values({3.0, 4.0}, {2});
  const Tensor y = ops::sum(x + term);
  term.mutable_data<double>()[0] = 40;
  backward(y);
  EXPECT_EQ(gradient_of(x), (Values{1, 1}));
}

TEST(Backward, WrongUsesAreNamed) {
  const Tensor x = leaf({1, 2});
  EXPECT_EQ(message_of<AutogradError>([&] { backward(x * 2.0); }), "backward: output of shape [2] needs a cotangent");
  EXPECT_EQ(message_of<AutogradError>([&] { backward(zeros({})); }),
            "backward: output 0 does not depend on a tensor that requires a gradient");
  EXPECT_EQ(message_of<AutogradError>([&] { backward(Tensor()); }),
            "backward: output 0 does not depend on a tensor that requires a gradient");
  EXPECT_EQ(message_of<ShapeError>([&] { backward(x * 2.0, zeros({3}, DType::f64)); }),
            "backward: cotangent has shape [3], expected [2]");
  EXPECT_EQ(message_of<AutogradError>([&] {
              const NoGrad off;
              backward(x, x);
            }),
            "backward: called while gradients are off\n"
            "  hint: gradients of gradients are not supported; do not call it under NoGrad");
}

TEST(Backward, ADerivativeOfTheWrongFormIsCaught) {
  const auto with_gradients = [](const Tensor& x, const Gradients& gradients) {
    return record("broken", {x}, clone(x.detach()), {}, [gradients](const Backward&) { return gradients; });
  };
  const Tensor x = leaf({1});
  EXPECT_EQ(message_of<AutogradError>([&] { backward(with_gradients(x, {zeros({2}, DType::f64)})); }),
            "broken: gradient 0 is f64 [2], expected f64 [1]");
  EXPECT_EQ(message_of<AutogradError>([&] { backward(with_gradients(x, {zeros({1}, DType::f32)})); }),
            "broken: gradient 0 is f32 [1], expected f64 [1]");
  EXPECT_EQ(message_of<AutogradError>([&] { backward(with_gradients(x, {})); }),
            "broken: its derivative returned 0 gradients for 1 inputs");
}

// Neither the walk nor the destruction of a tape may use a stack frame a node.
TEST(Backward, AChainOfAHundredThousandNodesFitsTheStack) {
  const Tensor x = leaf({1});
  for (const bool walk : {true, false}) {
    Tensor y = x;
    for (int i = 0; i < 100000; ++i) y = y + 1e-5;
    if (walk) backward(y);
  }
  EXPECT_EQ(gradient_of(x), (Values{1}));
}

TEST(Backward, ThreadsHaveTapesOfTheirOwn) {
  std::vector<Values> results(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([t, &results] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        const Tensor x = leaf({static_cast<double>(t) + 1});
        Tensor y = x;
        for (int i = 0; i < 20; ++i) y = y * 1.0 + x * x * 0.0;
        backward(y * y);
        results[t] = gradient_of(x);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < results.size(); ++t) EXPECT_EQ(results[t], (Values{2 * (static_cast<double>(t) + 1)}));
}

}  // namespace
}  // namespace triad
