// Tensors as text for people.
#pragma once

#include <ostream>
#include <string>

#include "triad/core/tensor/tensor.h"

namespace triad {

struct PrintOptions {
  int precision = 4;         ///< digits behind the point
  int64_t threshold = 1000;  ///< with more elements than this, only the ends of each axis are shown
  int64_t edge = 3;          ///< how many elements of an end
  int line_width = 100;      ///< characters after which a row is broken
};

/// A line with dtype, shape, device and whether a gradient is required, then the elements in aligned columns:
///
///   tensor f32 [2, 3]
///   [[ 1.5000,  nan, -2.2500],
///    [ 0.0000,  inf,  4.0000]]
///
/// Numbers are printed in fixed notation, or in scientific where that would lose the small ones or stretch the large
/// ones. Copies from the device what it shows, no more.
std::string to_string(const Tensor& t, const PrintOptions& options = {});

std::ostream& operator<<(std::ostream& out, const Tensor& t);

}  // namespace triad
