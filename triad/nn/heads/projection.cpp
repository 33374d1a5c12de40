#include "triad/nn/heads/projection.h"

#include <cmath>

#include "triad/nn/initialize.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/norm/l2_normalize.h"

namespace triad::nn {

Projection::Projection(int64_t width, int64_t shared_width, RandomKey key)
    : linear(normal({shared_width, width}, std::sqrt(1.0 / static_cast<double>(width)), key), /*with_bias=*/false) {}

void Projection::visit(const Visitor& visitor) { visitor("linear", linear); }

Tensor Projection::forward(const Tensor& x_BC) const {
  return ops::l2_normalize(ops::cast(linear.forward(x_BC), DType::f32));
}

}  // namespace triad::nn
