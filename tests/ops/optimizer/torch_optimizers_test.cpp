// Several steps in a row against torch.optim, whose numbers scripts/golden/optimizers.py wrote down.
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "triad/ops/optimizer/adamw.h"
#include "triad/ops/optimizer/sgd.h"

namespace triad::ops {
namespace {

using nlohmann::json;

Tensor f32_of(const json& values) {
  return from_values(values.get<std::vector<float>>(), {static_cast<int64_t>(values.size())});
}

void expect_near(const Tensor& got, const json& expected, const std::string& where) {
  const std::vector<double> values = got.to_vector<double>();
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double wanted = expected[i].get<double>();
    EXPECT_NEAR(values[i], wanted, 2e-6 * (1 + std::abs(wanted))) << where << ", element " << i;
  }
}

TEST(TorchOptimizers, SeveralStepsAgree) {
  std::ifstream file(harness::golden_path("optimizers/torch.json"));
  const json cases = json::parse(file);
  ASSERT_EQ(cases.size(), 5u);
  for (const json& c : cases) {
    Tensor p = f32_of(c["start"]), first = zeros(p.shape()), second = zeros(p.shape());
    const json& o = c["options"];
    for (size_t step = 0; step < c["gradients"].size(); ++step) {
      const Tensor gradients = f32_of(c["gradients"][step]);
      if (c["optimizer"] == "adamw") {
        adamw_step(p, gradients, first, second,
                   {.lr = o["lr"],
                    .beta1 = o["beta1"],
                    .beta2 = o["beta2"],
                    .eps = o["eps"],
                    .weight_decay = o["weight_decay"],
                    .step = static_cast<int64_t>(step) + 1,
                    .decayed = c["decayed"]});
      } else {
        sgd_step(p, gradients, first,
                 {.lr = o["lr"],
                  .momentum = o.value("momentum", 0.0),
                  .nesterov = o.value("nesterov", false),
                  .weight_decay = o["weight_decay"],
                  .decayed = c["decayed"]});
      }
      expect_near(p, c["parameters"][step], str(o.dump(), " step ", step + 1));
    }
  }
}

}  // namespace
}  // namespace triad::ops
