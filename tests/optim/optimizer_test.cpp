#include "triad/optim/optimizer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/autograd/autograd.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/reduce/sum.h"

namespace triad::optim {
namespace {

using Kind = OptimizerOptions::Kind;

/// A weight that decays and a bias that does not, in an arena.
struct Model {
  Parameter weight{from_values<float>({1, -2, 3}, {3})};
  Parameter bias{from_values<float>({0.5f}, {1}), /*decays=*/false};
  std::vector<NamedParameter> all() { return {{"bias", &bias}, {"weight", &weight}}; }
};

TEST(Arena, ParametersAndGradientsAreSlicesOfIt) {
  Model model;
  Arena arena(model.all());
  EXPECT_EQ(arena.slices().size(), 2u);
  EXPECT_EQ(arena.slices()[0].name, "weight");  // what decays comes first
  EXPECT_EQ(arena.decayed(), 16);
  EXPECT_EQ(model.weight.value().to_vector<float>(), (std::vector<float>{1, -2, 3}));
  backward(ops::sum(model.weight.value() * model.weight.value()) + ops::sum(model.bias.value()));
  const std::vector<float> gradients = arena.gradients().to_vector<float>();
  EXPECT_EQ(std::vector<float>(gradients.begin(), gradients.begin() + 4), (std::vector<float>{2, -4, 6, 0}));
  EXPECT_EQ(gradients[16], 1);
  arena.zero_gradients();
  EXPECT_EQ(grad(model.weight.value()).to_vector<float>(), (std::vector<float>{0, 0, 0}));
}

TEST(Arena, HooksMoveWithTheirParameter) {
  Parameter p(zeros({3}));
  int calls = 0;
  on_gradient_ready(p.value(), [&calls](const Tensor&) { ++calls; });
  const Arena arena({{"p", &p}});
  backward(ops::sum(p.value() * 2));
  EXPECT_EQ(calls, 1);
}

TEST(Arena, NothingToTrainIsAnError) {
  Model model;
  for (const NamedParameter& p : model.all()) p.parameter->set_trainable(false);
  EXPECT_EQ(harness::message_of<ValueError>([&] { Arena(model.all()); }), "Arena: none of 2 parameters is trainable");
}

TEST(Arena, FreezingLetsGoOfItsGradients) {
  Model model;
  const size_t before = allocator(kCpu).stats().in_use;
  {
    Arena arena(model.all());
    for (const NamedParameter& p : model.all()) p.parameter->set_trainable(false);
  }
  EXPECT_FALSE(grad(model.weight.value()).defined());
  EXPECT_LE(allocator(kCpu).stats().in_use, before + 32 * sizeof(float)) << "only the values are left";
}

TEST(Optimizer, EveryKindGoesDownhill) {
  for (const Kind kind : {Kind::adamw, Kind::lamb, Kind::sgd}) {
    Model model;
    Arena arena(model.all());
    Optimizer optimizer(arena, {.kind = kind, .weight_decay = 0, .clip_norm = 1});
    const auto loss = [&] {
      return ops::sum(model.weight.value() * model.weight.value()) + ops::sum(model.bias.value() * model.bias.value());
    };
    const double before = loss().item();
    for (int i = 0; i < 50; ++i) {
      arena.zero_gradients();
      backward(loss());
      optimizer.step(0.02);
    }
    EXPECT_LT(loss().item(), 0.7 * before) << static_cast<int>(kind);
    EXPECT_EQ(optimizer.steps(), 50);
  }
}

/// What one parameter goes through in two steps of gradients g and g / 2, by the formulas of the papers.
struct Formula {
  std::vector<double> p;
  bool decays;

  std::vector<double> m = std::vector<double>(p.size()), v = m;

  void step(const OptimizerOptions& o, const std::vector<double>& g, double lr, int t) {
    const double decay = decays ? o.weight_decay : 0;
    std::vector<double> direction(p.size());
    double size = 0, length = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      if (o.kind == Kind::sgd) {
        m[i] = o.momentum * m[i] + g[i] + decay * p[i];
        direction[i] = m[i];
      } else {
        m[i] = o.beta1 * m[i] + (1 - o.beta1) * g[i];
        v[i] = o.beta2 * v[i] + (1 - o.beta2) * g[i] * g[i];
        direction[i] =
            m[i] / (1 - std::pow(o.beta1, t)) / (std::sqrt(v[i] / (1 - std::pow(o.beta2, t))) + o.eps) + decay * p[i];
      }
      size += p[i] * p[i], length += direction[i] * direction[i];
    }
    const double trust = o.kind == Kind::lamb && decays ? std::sqrt(size / length) : 1;
    for (size_t i = 0; i < p.size(); ++i) p[i] -= lr * trust * direction[i];
  }
};

TEST(Optimizer, EveryKindIsItsFormulaParameterByParameter) {
  for (const Kind kind : {Kind::adamw, Kind::lamb, Kind::sgd}) {
    const OptimizerOptions options{.kind = kind, .weight_decay = 0.1, .clip_norm = 2};
    Model model;
    Arena arena(model.all());
    Optimizer optimizer(arena, options);
    Formula weight{{1, -2, 3}, true}, bias{{0.5}, false};
    for (int t = 1; t <= 2; ++t) {
      const std::vector<float> slopes = {3, -4, 0.5};
      arena.zero_gradients();
      backward((ops::sum(model.weight.value() * from_values(slopes, {3})) + ops::sum(model.bias.value()) * 12.0) /
               static_cast<double>(t));
      const double norm = std::sqrt(9 + 16 + 0.25 + 144) / t;
      EXPECT_NEAR(optimizer.step(0.1), norm, 1e-5);
      const double scale = 2 / norm / t;
      weight.step(options, {3 * scale, -4 * scale, 0.5 * scale}, 0.1, t);
      bias.step(options, {12 * scale}, 0.1, t);
    }
    const std::vector<double> got = model.weight.value().to_vector<double>();
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], weight.p[i], 2e-6) << static_cast<int>(kind) << " " << i;
    EXPECT_NEAR(model.bias.value().to_vector<double>()[0], bias.p[0], 2e-6) << static_cast<int>(kind);
  }
}

TEST(Optimizer, ClippingBoundsTheStepOfSgd) {
  Model model;
  Arena arena(model.all());
  Optimizer optimizer(arena, {.kind = Kind::sgd, .momentum = 0, .weight_decay = 0, .clip_norm = 1});
  backward(ops::sum(model.weight.value()) * 100.0);
  EXPECT_NEAR(optimizer.step(1), 100 * std::sqrt(3.0), 1e-3);
  const std::vector<float> moved = model.weight.value().to_vector<float>();
  EXPECT_NEAR(moved[0], 1 - 1 / std::sqrt(3.0), 1e-5);
}

TEST(Optimizer, PaddingOfTheArenaStaysZero) {
  Model model;
  Arena arena(model.all());
  Optimizer optimizer(arena, {});
  backward(ops::sum(model.weight.value() + model.bias.value()));
  optimizer.step(0.1);
  const std::vector<float> values = arena.values().to_vector<float>();
  for (size_t i = 3; i < 16; ++i) EXPECT_EQ(values[i], 0) << i;
}

TEST(Optimizer, ABadGradientStopsTheRunAndNamesTheParameter) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Model model;
    Arena arena(model.all());
    Optimizer optimizer(arena, {});
    arena.gradients().mutable_data<float>()[16] = bad;
    EXPECT_EQ(harness::message_of<ValueError>([&] { optimizer.step(0.1); }),
              "Optimizer: the gradient of bias is not finite; no parameter was changed\n"
              "  hint: lower the learning rate, lengthen the warm-up, or compute in f32 instead of bf16");
    EXPECT_EQ(model.weight.value().to_vector<float>(), (std::vector<float>{1, -2, 3}));
    EXPECT_EQ(optimizer.steps(), 0);
  }
}

constexpr const char* kStaleArena =
    "\n  hint: make a new Arena and a new Optimizer after freezing, unfreezing or moving parameters";

TEST(Optimizer, AParameterFrozenAfterTheArenaWasMadeIsRefused) {
  Model model;
  Arena arena(model.all());
  Optimizer optimizer(arena, {});
  model.bias.set_trainable(false);
  EXPECT_EQ(harness::message_of<ValueError>([&] { optimizer.step(0.1); }),
            str("Arena: bias was frozen after the arena was made", kStaleArena));
  model.bias.set_trainable(true);  // its gradients would go elsewhere
  EXPECT_EQ(harness::message_of<ValueError>([&] { optimizer.step(0.1); }),
            str("Arena: the gradient of bias has left the arena", kStaleArena));
  EXPECT_EQ(model.weight.value().to_vector<float>(), (std::vector<float>{1, -2, 3}));
}

TEST(Optimizer, AParameterUnfrozenAfterTheArenaWasMadeIsRefused) {
  Model model;
  model.bias.set_trainable(false);
  Arena arena(model.all());
  Optimizer optimizer(arena, {});
  optimizer.step(0.1);
  model.bias.set_trainable(true);
  EXPECT_EQ(harness::message_of<ValueError>([&] { optimizer.step(0.1); }),
            str("Arena: bias was unfrozen after the arena was made", kStaleArena));
}

TEST(Optimizer, AParameterMovedToAnotherArenaIsRefused) {
  Model model;
  Arena arena(model.all());
  Optimizer optimizer(arena, {});
  const Arena other(model.all());
  EXPECT_EQ(harness::message_of<ValueError>([&] { optimizer.step(0.1); }),
            str("Arena: weight has left the arena", kStaleArena));
}

TEST(Optimizer, LargeFiniteGradientsAreClippedNotRefused) {
  Model model;
  Arena arena(model.all());
  Optimizer optimizer(arena, {.kind = Kind::sgd, .momentum = 0, .weight_decay = 0, .clip_norm = 1});
  arena.gradients().mutable_data<float>()[0] = 3e30f;
  arena.gradients().mutable_data<float>()[1] = -4e30f;
  EXPECT_NEAR(optimizer.step(1), 5e30, 1e24);
  const std::vector<float> moved = model.weight.value().to_vector<float>();
  EXPECT_NEAR(moved[0], 1 - 0.6, 1e-6);
  EXPECT_NEAR(moved[1], -2 + 0.8, 1e-6);
}

}  // namespace
}  // namespace triad::optim
