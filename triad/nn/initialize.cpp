#include "triad/nn/initialize.h"

#include <cmath>

namespace triad::nn {
namespace {

template <class Draw>
Tensor filled(const Shape& shape, RandomKey key, const Draw& draw) {
  Tensor out = empty(shape);
  RandomStream stream(key);
  float* values = out.mutable_data<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(draw(stream));
  return out;
}

}  // namespace

Tensor normal(const Shape& shape, double stddev, RandomKey key) {
  return filled(shape, key, [stddev](RandomStream& s) { return stddev * s.normal(); });
}

Tensor truncated_normal(const Shape& shape, double stddev, RandomKey key) {
  return filled(shape, key, [stddev](RandomStream& s) {
    for (;;) {
      const double z = s.normal();
      if (std::abs(z) <= 2) return stddev * z;
    }
  });
}

Tensor uniform(const Shape& shape, double bound, RandomKey key) {
  return filled(shape, key, [bound](RandomStream& s) { return bound * (2 * s.uniform() - 1); });
}

Tensor xavier_uniform(const Shape& shape, RandomKey key) {
  require<ShapeError>(shape.rank() == 2, "xavier_uniform", "expected a weight [out, in], got shape ", shape);
  return uniform(shape, std::sqrt(6.0 / static_cast<double>(shape[0] + shape[1])), key);
}

}  // namespace triad::nn
