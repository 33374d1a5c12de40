// Initial values of parameters: pure functions of a RandomKey.
#pragma once

#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"

namespace triad::nn {

/// Normal with mean 0, f32.
Tensor normal(const Shape& shape, double stddev, RandomKey key);
/// Normal with mean 0, redrawn outside of two standard deviations, f32: BERT's initialiser.        [arXiv:1810.04805]
Tensor truncated_normal(const Shape& shape, double stddev, RandomKey key);
/// Uniform in [-bound, bound), f32.
Tensor uniform(const Shape& shape, double bound, RandomKey key);
/// Uniform with bound sqrt(6 / (fan_in + fan_out)) for a weight [out, in], else a ShapeError, f32.
/// [Glorot & Bengio, AISTATS 2010]
Tensor xavier_uniform(const Shape& shape, RandomKey key);

/// A uniformly drawn matrix with orthonormal rows (or columns, if there are fewer), times `gain`, for a weight [out, …]
/// whose other axes count as one, else a ShapeError, f32.                                            [arXiv:1312.6120]
Tensor orthogonal(const Shape& shape, double gain, RandomKey key);

}  // namespace triad::nn
