// One time step of an LSTM for a few sequences: everything between two matrix products.
#pragma once

#include <cstdint>
#include <type_traits>

#include "triad/core/base/dtype.h"

namespace triad::ops {

/// What the matrix products of an LSTM of dtype E multiply: E, but f32 for f16, which has no product of its own.
template <class E>
using LstmOperand = std::conditional_t<std::is_same_v<E, Float16>, float, E>;

/// Rows of sequences; `hidden` is H, rows of gates are 4H wide: i, f, g, o. C = Compute<E>.
template <class E>
struct LstmCellForward {
  using C = Compute<E>;
  int64_t rows, hidden;
  const C* from_x;    ///< [rows, 4H] w_ih x + b
  const C* from_h;    ///< [rows, 4H] w_hh h, or null at the first step
  const C* c_before;  ///< [rows, H], or null at the first step; may be c
  C* c;               ///< [rows, H]
  E* gates;           ///< [rows, 4H] after their functions, or null
  LstmOperand<E>* h;  ///< [rows, H], rounded to E
  E* y;               ///< row r of h goes to y + frames[r] * H too
  const int64_t* frames;
};

/// Gradients of the same step.
template <class E>
struct LstmCellBackward {
  using C = Compute<E>;
  int64_t rows, hidden;
  const E* gates;         ///< [rows, 4H]
  const C *c, *c_before;  ///< [rows, H]; c_before null at the first step
  const E* dy;            ///< row r at dy + frames[r] * H; null: 0
  const int64_t* frames;
  const C* dh;             ///< [rows, H] what comes from the step after
  C* dc;                   ///< [rows, H] in: of c, from the step after; out: of c_before
  LstmOperand<E>* dgates;  ///< [rows, 4H] of the gates before their functions
};

template <class E>
void lstm_cell_forward(const LstmCellForward<E>& cell);
template <class E>
void lstm_cell_backward(const LstmCellBackward<E>& cell);

}  // namespace triad::ops
