#pragma once

#include <memory>
#include <vector>

#include "triad/nn/module.h"

namespace triad::nn {

/// One layer of LSTM in one direction; parameters and their initial values as torch.nn.LSTM.
class Lstm : public Module {
 public:
  Lstm(int64_t inputs, int64_t hidden, bool reverse, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, inputs], lengths: i64 [B] or undefined → [B, T, hidden]; 0 beyond the length of a sequence. In reverse,
  /// each sequence starts at its own last position.
  Tensor forward(const Tensor& x_BTI, const Tensor& lengths_B) const;

  Parameter weight_ih, weight_hh, bias_ih, bias_hh;  ///< [4H, I], [4H, H], [4H], [4H]; gates i, f, g, o

 private:
  bool reverse_;
};

/// Layers of LSTM, all in the same direction, with dropout between them.
class LstmStack : public Module {
 public:
  LstmStack(int64_t inputs, int64_t hidden, int64_t layers, bool reverse, double dropout, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// As Lstm::forward.
  Tensor forward(const Tensor& x_BTI, const Tensor& lengths_B, const Context& context) const;

  std::vector<std::unique_ptr<Lstm>> layers;

 private:
  double dropout_;
};

}  // namespace triad::nn
