// Long short-term memory over a padded batch. Axes: B batch, T time, I input features, H hidden features.
#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct LstmOutput {
  Tensor y;  ///< [B, T, H] the hidden state of every frame; 0 beyond the length of the sequence
  Tensor h;  ///< [B, H] hidden state after the last frame processed; 0 for a sequence without frames
  Tensor c;  ///< [B, H] cell state after the last frame processed
};

/// One layer in one direction from a zero state, as torch.nn.LSTM over packed sequences:       [Hochreiter 1997, Gers 2000]
///   i, f, g, o = rows 0..H, H..2H, 2H..3H, 3H..4H of  w_ih x_t + b_ih + w_hh h + b_hh
///   c' = sigmoid(f) c + sigmoid(i) tanh(g)      h' = sigmoid(o) tanh(c')
/// shapes   x: [B, T, I]   lengths: [B] or undefined (all T)   w_ih: [4H, I]   w_hh: [4H, H]   b_ih, b_hh: [4H], both or none
/// dtypes   floating arguments of one dtype f32, f64, bf16, f16; lengths i64, on the CPU. For the 16-bit types sums and
///          cell states are f32 inside; h is rounded after every step, as it is in y, and so are the gates that are saved
/// reverse  every sequence is read from its own last frame to its first; y stays in the order of x
/// padding  frames at and beyond a length are never read (NaN there is harmless) and have gradient 0
/// saves    x, w_ih, w_hh, y, and of every frame inside its sequence 4H gates and H cell states
/// grads    x, w_ih, w_hh, b_ih, b_hh
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a length outside of 0..T
LstmOutput lstm(const Tensor& x, const Tensor& lengths, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                const Tensor& b_hh, bool reverse = false);

/// Kernel interface. x [B, T, I] with a dense last axis; lengths [B] contiguous, checked, undefined: all T; the rest
/// contiguous, biases both defined or both undefined. `gates` [N, 4H] of the dtype and `cells` [N, H] of the accumulation
/// dtype, with N the sum of the lengths, are filled for backward in an order of the kernel's own; undefined: not wanted.
struct LstmForward {
  const Tensor &x, &lengths, &w_ih, &w_hh, &b_ih, &b_hh;
  bool reverse;
  Tensor &y, &h, &c, &gates, &cells;
};
/// dy, dh, dc: undefined where the output took no part. dx, dw_ih, dw_hh, db: only those defined are computed; db is the
/// gradient of either bias.
struct LstmBackward {
  const Tensor &x, &lengths, &w_ih, &w_hh;
  bool reverse;
  const Tensor &y, &gates, &cells, &dy, &dh, &dc;
  Tensor &dx, &dw_ih, &dw_hh, &db;
};
extern KernelTable<LstmForward> lstm_forward;
extern KernelTable<LstmBackward> lstm_backward;

}  // namespace triad::ops
