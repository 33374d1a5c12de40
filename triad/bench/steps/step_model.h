// What the models of the timed training steps have in common. Each is the one of the same name that
// benches/peers/torch_steps.py builds in PyTorch, and its parameters have the same names there.
#pragma once

#include <string>
#include <vector>

#include "triad/nn/module.h"

namespace triad::bench {

/// An input of a step, under the name by which the peer reads it.
struct NamedTensor {
  std::string name;
  Tensor value;
};

/// A model with the batch it is trained on, always the same one.
class StepModel : public nn::Module {
 public:
  /// The loss on the batch: a scalar with its tape.
  virtual Tensor loss(const nn::Context& context) const = 0;
  virtual std::vector<NamedTensor> batch() const = 0;
  /// Floating-point operations of forward and backward in matrix products, attention, convolutions and LSTM. The gradient
  /// of the input of the first layer is not among them: nobody needs it.
  virtual double flops() const = 0;
};

/// Of a product of [rows, in] and [in, out].
constexpr double product_flops(int64_t rows, int64_t in, int64_t out) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out);
}

/// Forward, of transformer blocks whose hidden layer is four times as wide as the others.
constexpr double block_flops(int64_t layers, int64_t batch, int64_t positions, int64_t width) {
  const double products = product_flops(batch * positions, width, 12 * width);
  const double attention = 2 * product_flops(batch * positions, positions, width);
  return static_cast<double>(layers) * (products + attention);
}

}  // namespace triad::bench
