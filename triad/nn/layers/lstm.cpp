#include "triad/nn/layers/lstm.h"

#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/nn/layers/dropout.h"
#include "triad/ops/recurrent/lstm.h"

namespace triad::nn {

Lstm::Lstm(int64_t inputs, int64_t hidden, bool reverse, RandomKey key) : reverse_(reverse) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  weight_ih = Parameter(uniform({4 * hidden, inputs}, bound, key.at("weight_ih")));
  weight_hh = Parameter(uniform({4 * hidden, hidden}, bound, key.at("weight_hh")));
  bias_ih = Parameter(uniform({4 * hidden}, bound, key.at("bias_ih")), /*decays=*/false);
  bias_hh = Parameter(uniform({4 * hidden}, bound, key.at("bias_hh")), /*decays=*/false);
}

void Lstm::visit(const Visitor& visitor) {
  visitor("weight_ih", weight_ih);
  visitor("weight_hh", weight_hh);
  visitor("bias_ih", bias_ih);
  visitor("bias_hh", bias_hh);
}

Tensor Lstm::forward(const Tensor& x, const Tensor& lengths) const {
  const DType dtype = x.dtype();
  return ops::lstm(x, lengths, weight_ih.as(dtype), weight_hh.as(dtype), bias_ih.as(dtype), bias_hh.as(dtype), reverse_)
      .y;
}

LstmStack::LstmStack(int64_t inputs, int64_t hidden, int64_t count, bool reverse, double dropout, RandomKey key)
    : dropout_(dropout) {
  for (int64_t i = 0; i < count; ++i)
    layers.push_back(
        std::make_unique<Lstm>(i == 0 ? inputs : hidden, hidden, reverse, key.at(static_cast<uint32_t>(i))));
}

void LstmStack::visit(const Visitor& visitor) { visitor("layers", layers); }

Tensor LstmStack::forward(const Tensor& x_BTI, const Tensor& lengths_B, const Context& context) const {
  Tensor x = x_BTI;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) x = dropout(x, dropout_, context.at(str(i)));
    x = layers[i]->forward(x, lengths_B);
  }
  return x;
}

}  // namespace triad::nn
