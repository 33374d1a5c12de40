#include "triad/ops/registry/op_spec.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "triad/core/base/error.h"

namespace triad::ops {
namespace {

std::vector<OpSpec (*)()>& makers() {
  static std::vector<OpSpec (*)()> all;
  return all;
}

template <class T, class Draw>
Tensor drawn(const Shape& shape, const Draw& draw) {
  Tensor out = empty(shape, dtype_of<T>);
  T* data = out.mutable_data<T>();
  for (int64_t i = 0; i < out.numel(); ++i) data[i] = static_cast<T>(draw());
  return out;
}

}  // namespace

Tensors inputs_as(const Tensors& inputs, DType dtype) {
  Tensors out;
  for (const Tensor& t : inputs) out.push_back(t.defined() && is_floating(t.dtype()) ? clone_as(t, dtype) : t);
  return out;
}

double tolerance_of(const Sample& sample, DType dtype) {
  switch (dtype) {
    case DType::f64: return sample.tolerance * 1e-6;
    case DType::bf16: return sample.tolerance + 0.012;
    case DType::f16: return sample.tolerance + 0.0015;
    default: return sample.tolerance;
  }
}

RegisterOp::RegisterOp(OpSpec (*make)()) { makers().push_back(make); }

const std::vector<OpSpec>& all_op_specs() {
  static const std::vector<OpSpec> specs = [] {
    std::vector<OpSpec> all;
    for (const auto make : makers()) all.push_back(make());
    std::sort(all.begin(), all.end(), [](const OpSpec& a, const OpSpec& b) { return a.name < b.name; });
    for (size_t i = 1; i < all.size(); ++i) {
      require<ValueError>(all[i - 1].name != all[i].name, "all_op_specs", "two specifications of ", all[i].name);
    }
    return all;
  }();
  return specs;
}

Tensor SampleMaker::normal(const Shape& shape, double scale, double mean) {
  return drawn<double>(shape, [&] { return mean + scale * stream_.normal(); });
}

Tensor SampleMaker::uniform(const Shape& shape, double low, double high) {
  return drawn<double>(shape, [&] { return low + (high - low) * stream_.uniform(); });
}

Tensor SampleMaker::distinct(const Shape& shape) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  const double n = static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = -2 + 4 * (static_cast<double>(i) + 0.5) / n;
  stream_.shuffle(values);
  return from_values(values, shape);
}

Tensor SampleMaker::hostile(const Shape& shape) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kHostile[] = {std::numeric_limits<double>::quiet_NaN(), kInf, -0.0, -kInf};
  Tensor out = normal(shape);
  double* data = out.mutable_data<double>();
  for (int64_t i = 3; i < out.numel(); i += 7) data[i] = kHostile[i / 7 % std::ssize(kHostile)];
  return out;
}

Tensor SampleMaker::indices(const Shape& shape, int64_t n) {
  return drawn<int64_t>(shape, [&] { return stream_.below(static_cast<uint64_t>(n)); });
}

Tensor SampleMaker::mask(const Shape& shape, double p) {
  return drawn<bool>(shape, [&] { return stream_.uniform() < p; });
}

}  // namespace triad::ops
