// A model of one's own: a module with two layers learns y = sin(x) on [-3, 3] from 64 points.
#include <cmath>
#include <cstdio>
#include <vector>

#include "triad/autograd/autograd.h"
#include "triad/core/cpu/wait_policy.h"
#include "triad/nn/initialize.h"
#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"
#include "triad/ops/loss/mse.h"
#include "triad/optim/optimizer.h"

using triad::Tensor;

class Curve : public triad::nn::Module {
 public:
  explicit Curve(triad::RandomKey key)
      : hidden_(triad::nn::normal({32, 1}, 1.0, key.at("hidden"))),
        output_(triad::nn::xavier_uniform({1, 32}, key.at("output"))) {}

  void visit(const triad::nn::Visitor& visitor) override {
    visitor("hidden", hidden_);
    visitor("output", output_);
  }

  Tensor forward(const Tensor& x) const { return output_.forward(hidden_.forward(x, triad::ops::Activation::tanh)); }

 private:
  triad::nn::Linear hidden_, output_;
};

int main(int, char** argv) {
  triad::cpu::use_passive_wait(argv);
  std::vector<float> inputs, targets;
  for (int i = 0; i < 64; ++i) {
    inputs.push_back(-3.0f + 6.0f * static_cast<float>(i) / 63.0f);
    targets.push_back(std::sin(inputs.back()));
  }
  const Tensor x = triad::from_values(inputs, {64, 1}), y = triad::from_values(targets, {64, 1});

  Curve curve({.seed = 1});
  triad::optim::Arena arena(triad::nn::parameters_of(curve));
  triad::optim::Optimizer optimizer(arena, {.weight_decay = 0});

  double loss = 0;
  for (int step = 0; step < 1000; ++step) {
    arena.zero_gradients();
    const Tensor error = triad::ops::mse_loss(curve.forward(x), y);
    triad::backward(error);
    optimizer.step(0.01);
    loss = error.item();
    if (step % 200 == 0) std::printf("step %4d  mean squared error %.5f\n", step, loss);
  }
  std::printf("%lld parameters, mean squared error %.5f\n", static_cast<long long>(triad::nn::count_parameters(curve)),
              loss);
  return loss < 1e-3 ? 0 : 1;
}
