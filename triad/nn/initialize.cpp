#include "triad/nn/initialize.h"

#include <cmath>
#include <vector>

#include "triad/core/cpu/blas.h"

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
  if (stddev == 0)
    return zeros(shape);  // for weights that are to be read from a file: drawing a base BERT takes seconds
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

Tensor orthogonal(const Shape& shape, double gain, RandomKey key) {
  require<ShapeError>(shape.rank() >= 2, "orthogonal", "expected a weight [out, ...], got shape ", shape);
  const int64_t outputs = shape[0], inputs = outputs == 0 ? 0 : shape.numel() / outputs;
  const int64_t length = std::max(outputs, inputs), count = std::min(outputs, inputs);
  std::vector<double> vectors(static_cast<size_t>(length * count));
  RandomStream stream(key);
  for (double& v : vectors) v = stream.normal();
  cpu::blas::orthonormalise(length, count, vectors.data());
  Tensor out = empty(shape);
  float* values = out.mutable_data<float>();
  for (int64_t row = 0; row < outputs; ++row) {
    for (int64_t column = 0; column < inputs; ++column) {
      const int64_t at = outputs < inputs ? row * length + column : column * length + row;
      values[row * inputs + column] = static_cast<float>(gain * vectors[static_cast<size_t>(at)]);
    }
  }
  return out;
}

}  // namespace triad::nn
