// The smallest training loop: fits y = 2 x - 1 with the tensor engine, the tape and an optimizer.
#include <cmath>
#include <iostream>

#include "triad/autograd/autograd.h"
#include "triad/core/cpu/wait_policy.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/optim/optimizer.h"

int main(int, char** argv) {
  triad::cpu::use_passive_wait(argv);
  const triad::Tensor x = triad::from_values<float>({-1, 0, 1, 2}, {4});
  const triad::Tensor y = x * 2.0 - 1.0;

  triad::Parameter slope(triad::zeros({})), offset(triad::zeros({}));
  triad::optim::Arena arena({{"slope", &slope}, {"offset", &offset}});
  triad::optim::Optimizer optimizer(arena, {.weight_decay = 0});

  for (int step = 0; step < 400; ++step) {
    arena.zero_gradients();
    const triad::Tensor error = slope.value() * x + offset.value() - y;
    triad::backward(triad::ops::mean(triad::ops::square(error)));
    optimizer.step(0.05);
  }

  std::cout << "y = " << slope.value().item() << " x + " << offset.value().item() << '\n';
  const bool found = std::abs(slope.value().item() - 2) < 1e-2 && std::abs(offset.value().item() + 1) < 1e-2;
  return found ? 0 : 1;
}
