#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// L2 norm of all elements, NaN or infinite only if one of them is. flat: f32 [N], contiguous. f32 within pieces,
/// unless that overflows, f64 across them; the same bits on any number of threads. DTypeError, ShapeError for another flat.
double gradient_norm(const Tensor& flat);

/// Position of the first element that is NaN or infinite; -1 if there is none. flat: as in gradient_norm.
int64_t first_non_finite(const Tensor& flat);

/// Kernel interface: total = sum of the squares of flat.
struct SumOfSquares {
  const Tensor& flat;
  double& total;
};
extern KernelTable<SumOfSquares> sum_of_squares;

}  // namespace triad::ops
