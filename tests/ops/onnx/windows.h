// The windows of convolutions and poolings along the spatial axes, as ONNX describes them.
#pragma once

#include <array>
#include <vector>

#include "tests/ops/onnx/node_case.h"

namespace triad::onnx {

struct Windows {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> before, after;  ///< padding
  std::vector<int64_t> out;            ///< windows along each axis
  std::vector<int64_t> overhang;       ///< elements behind the padding that ceil_mode lets the last window reach

  /// Reads the attributes of `c` for input 0 [N, C, spatial…]. `weight` [O, I, kernel…] gives the kernel where there is
  /// no attribute.
  static Windows of(const NodeCase& c, const Shape& weight = {});

  /// before and after as padding for a tensor of `rank` axes.
  std::vector<std::array<int64_t, 2>> padding(int rank, bool with_overhang = false) const;
};

}  // namespace triad::onnx
