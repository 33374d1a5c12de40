#include "triad/ops/registry/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace triad::ops {
namespace {

/// The largest finite magnitude, but 1 at most, so that a large element excuses no error of the others, and `least` at
/// least, for tensors of zeros with some rounding.
double scale_of(const std::vector<double>& expected, double least) {
  double largest = least;
  for (const double v : expected) {
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  }
  return std::min(largest, 1.0);
}

bool matches(double got, double expected, double tolerance, double scale) {
  if (std::isnan(expected)) return std::isnan(got);
  if (std::isinf(expected)) return got == expected;
  return std::abs(got - expected) <= tolerance * (scale + std::abs(expected));
}

}  // namespace

Comparison compare(const Tensor& got, const Tensor& expected, double tolerance, double least_scale) {
  if (!got.defined() || !expected.defined()) return {.message = "an undefined tensor"};
  if (got.shape() != expected.shape()) return {.message = str("shape ", got.shape(), ", expected ", expected.shape())};
  // Rounded to the dtype of the result, a value beyond its range is an infinity there.
  const Tensor rounded = clone_as(expected.detach(), got.dtype());
  const std::vector<double> a = got.to_vector<double>(), b = rounded.to_vector<double>();
  const double scale = scale_of(b, least_scale);
  size_t wrong = 0, first = 0, worst = 0;
  double worst_error = -1;
  for (size_t i = 0; i < a.size(); ++i) {
    if (matches(a[i], b[i], tolerance, scale)) continue;
    if (wrong++ == 0) first = i;
    const double error = std::abs(a[i] - b[i]);
    if (!(error <= worst_error)) worst = i, worst_error = error;
  }
  if (a.empty()) return {.passed = true, .message = "no elements"};
  if (wrong == 0) return {.passed = true, .elements = static_cast<int64_t>(a.size()), .message = "equal"};
  return {.passed = false,
          .elements = static_cast<int64_t>(a.size()),
          .message = str(wrong, " of ", a.size(), " elements differ; first [", first, "]: got ", a[first],
                         ", expected ", b[first], "; worst [", worst, "]: got ", a[worst], ", expected ", b[worst],
                         "; tolerance ", tolerance, " at a scale of ", scale)};
}

Comparison compare_bits(const Tensor& got, const Tensor& expected) {
  if (!got.defined() || !expected.defined()) return {.message = "an undefined tensor"};
  if (got.shape() != expected.shape() || got.dtype() != expected.dtype()) {
    return {.message = str(got.dtype(), " ", got.shape(), ", expected ", expected.dtype(), " ", expected.shape())};
  }
  const Tensor a = contiguous(got.detach()), b = contiguous(expected.detach());
  const size_t bytes = static_cast<size_t>(a.numel()) * size_of(a.dtype());
  const bool same = bytes == 0 || std::memcmp(a.raw_data(), b.raw_data(), bytes) == 0;
  return {.passed = same, .elements = a.numel(), .message = same ? "equal" : "bits differ"};
}

}  // namespace triad::ops
