#include "triad/nn/module.h"

#include <gtest/gtest.h>

#include "triad/nn/encoders/text_encoder.h"
#include "triad/nn/layers/linear.h"

namespace triad::nn {
namespace {

/// A tree with everything a module can have: a parameter, a layer, a layer without bias, a list.
struct Tree : Module {
  Tree() {
    for (int i = 0; i < 3; ++i) items.push_back(std::make_unique<Linear>(zeros({2, 2}), /*with_bias=*/i != 1));
  }
  void visit(const Visitor& visitor) override {
    visitor("scale", scale);
    visitor("inner", inner);
    visitor("items", items);
    visitor("missing", missing);
  }

  Parameter scale{zeros({})}, missing;
  Linear inner{zeros({3, 5})};
  std::vector<std::unique_ptr<Linear>> items;
};

std::vector<std::string> names(const std::vector<NamedParameter>& parameters) {
  std::vector<std::string> all;
  for (const NamedParameter& p : parameters) all.push_back(p.name);
  return all;
}

TEST(Module, ParametersAreNamedByTheirPathInTheOrderOfTheVisit) {
  Tree tree;
  const std::vector<std::string> expected = {"scale",        "inner.weight",   "inner.bias",     "items.0.weight",
                                             "items.0.bias", "items.1.weight", "items.2.weight", "items.2.bias"};
  EXPECT_EQ(names(parameters_of(tree)), expected);
  const std::vector<std::string> below = names(parameters_of(tree, "model.tree"));
  ASSERT_EQ(below.size(), expected.size());
  for (size_t i = 0; i < below.size(); ++i) EXPECT_EQ(below[i], "model.tree." + expected[i]);
  EXPECT_EQ(parameters_of(tree)[2].parameter, &tree.inner.bias);
}

TEST(Module, CountsScalars) {
  Tree tree;
  EXPECT_EQ(count_parameters(tree), 1 + 15 + 3 + 6 + 4 + 6);
}

TEST(Module, TrainabilityReachesEveryParameter) {
  Tree tree;
  for (const bool trainable : {false, true}) {
    set_trainable(tree, trainable);
    for (const NamedParameter& p : parameters_of(tree)) EXPECT_EQ(p.parameter->trainable(), trainable) << p.name;
  }
}

TEST(Module, BiasesAndNormsDoNotDecay) {
  TextEncoder encoder({.vocabulary = 7, .width = 8, .layers = 1, .heads = 2, .hidden = 16, .max_positions = 4}, {});
  for (const NamedParameter& p : parameters_of(encoder))
    EXPECT_EQ(p.parameter->decays(), p.name.ends_with("weight") && p.name.find("norm") == p.name.npos) << p.name;
}

TEST(Context, EveryPartHasAStreamOfItsOwn) {
  const Context context{.training = true, .key = {.seed = 1, .step = 2, .site = 3, .sample = 4}, .dtype = DType::bf16};
  const Context part = context.at("part");
  EXPECT_TRUE(part.training);
  EXPECT_EQ(part.dtype, DType::bf16);
  EXPECT_EQ(part.key.seed, 1u);
  EXPECT_EQ(part.key.step, 2u);
  EXPECT_EQ(part.key.sample, 4u);
  EXPECT_NE(part.key.site, context.key.site);
  EXPECT_NE(part.key.site, context.at("other").key.site);
  EXPECT_NE(context.at("a").at("b").key.site, context.at("b").at("a").key.site);
}

}  // namespace
}  // namespace triad::nn
