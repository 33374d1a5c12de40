// Comparing tensors so that NaN can never pass, nor zeros where small numbers are expected, and so that an empty
// comparison is visible: it passes, with 0 elements.
#pragma once

#include <cstdint>
#include <string>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// What a comparison found. It starts as a failure: only a comparison that ran to its end passes.
struct Comparison {
  bool passed = false;
  int64_t elements = 0;  ///< how many were compared
  std::string message = "not run";
};

/// Passes if shapes are equal and every element satisfies |got - expected| <= tolerance * (scale + |expected|), where
/// expected is first rounded to the dtype of got and scale is the largest |expected| of the tensor, within
/// [least_scale, 1]. NaN matches NaN only, an infinity the same infinity only.
inline constexpr double kLeastScale = 1e-4;
Comparison compare(const Tensor& got, const Tensor& expected, double tolerance, double least_scale = kLeastScale);

/// Passes if shape, dtype and every bit are equal.
Comparison compare_bits(const Tensor& got, const Tensor& expected);

}  // namespace triad::ops
