#include <algorithm>
#include <cmath>

#include "tests/ops/onnx/operators.h"
#include "tests/ops/onnx/windows.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/pad.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {

Windows Windows::of(const NodeCase& c, const Shape& weight) {
  const Shape shape = c.in(0).shape();
  const size_t n = static_cast<size_t>(shape.rank()) - 2;
  Windows w;
  w.kernel = c.integers("kernel_shape");
  for (int i = 2; i < weight.rank() && w.kernel.size() < n; ++i) w.kernel.push_back(weight[i]);
  w.strides = c.has_attribute("strides") ? c.integers("strides") : std::vector<int64_t>(n, 1);
  w.dilations = c.has_attribute("dilations") ? c.integers("dilations") : std::vector<int64_t>(n, 1);
  const auto pads = c.has_attribute("pads") ? c.integers("pads") : std::vector<int64_t>(2 * n, 0);
  const std::string same = c.text("auto_pad", "NOTSET");
  const bool ceil_mode = c.flag("ceil_mode", false);
  for (size_t i = 0; i < n; ++i) {
    const int64_t extent = shape[static_cast<int>(i) + 2], reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    int64_t front = pads[i], back = pads[i + n];
    if (same == "SAME_UPPER" || same == "SAME_LOWER") {
      const int64_t wanted = (extent + w.strides[i] - 1) / w.strides[i];
      const int64_t total = std::max<int64_t>((wanted - 1) * w.strides[i] + reach - extent, 0);
      front = same == "SAME_UPPER" ? total / 2 : total - total / 2;
      back = total - front;
    }
    const int64_t room = extent + front + back - reach;
    int64_t count = (ceil_mode ? room + w.strides[i] - 1 : room) / w.strides[i] + 1;
    if (ceil_mode && (count - 1) * w.strides[i] >= extent + front) --count;  // a window must begin inside
    w.before.push_back(front);
    w.after.push_back(back);
    w.out.push_back(count);
    w.overhang.push_back(std::max<int64_t>((count - 1) * w.strides[i] - room, 0));
  }
  return w;
}

std::vector<std::array<int64_t, 2>> Windows::padding(int rank, bool with_overhang) const {
  std::vector<std::array<int64_t, 2>> all(static_cast<size_t>(rank));
  for (size_t i = 0; i < before.size(); ++i) all[i + 2] = {before[i], after[i] + (with_overhang ? overhang[i] : 0)};
  return all;
}

namespace {

/// Axes of the elements of a window in what unfolded() returns.
Axes window_axes(const Windows& w) {
  Axes axes;
  for (size_t i = 0; i < w.kernel.size(); ++i) axes.push_back(static_cast<int64_t>(2 * i + 3));
  return axes;
}

/// [N, C, out_0, kernel_0, out_1, kernel_1, …]: each axis of the padded x replaced by its windows.
Tensor unfolded(const Tensor& padded, const Windows& w) {
  Tensor y = padded;
  for (size_t i = 0; i < w.kernel.size(); ++i) {
    const Tensor first = ops::reshape(counting(w.out[i]), {w.out[i], 1}) * static_cast<double>(w.strides[i]);
    y = ops::index_select(y, static_cast<int64_t>(2 * i + 2),
                          first + counting(w.kernel[i]) * static_cast<double>(w.dilations[i]));
  }
  return y;
}

Tensors max_pool(const NodeCase& c) {
  const Tensor x = c.in(0);
  const Windows w = Windows::of(c);
  c.ignore("storage_order");  // of the indices, which we do not compute
  const double least = is_floating(x.dtype()) ? -HUGE_VAL : 0;
  return {ops::max(unfolded(ops::pad(x, w.padding(x.rank(), true), least), w), window_axes(w))};
}

Tensors average_pool(const NodeCase& c) {
  const Tensor x = c.in(0);
  const Windows w = Windows::of(c);
  // A window is divided by how many of its elements count: those of x, and of the padding if it is included.
  const bool padding_counts = c.flag("count_include_pad", false);
  const auto everything = w.padding(x.rank(), true);
  auto behind = everything, around = everything;
  for (size_t i = 0; i < everything.size(); ++i) {
    const int64_t over = i < 2 ? 0 : w.overhang[i - 2];
    behind[i] = {0, over};
    around[i] = {everything[i][0], everything[i][1] - over};
  }
  const Tensor ones = full(x.shape(), 1, x.dtype());
  const Tensor counted = padding_counts ? ops::pad(ops::pad(ones, around, 1), behind) : ops::pad(ones, everything);
  return {ops::sum(unfolded(ops::pad(x, everything), w), window_axes(w)) /
          ops::sum(unfolded(counted, w), window_axes(w))};
}

Tensors lp_pool(const NodeCase& c) {
  const Tensor x = c.in(0);
  const Windows w = Windows::of(c);
  const double p = c.number("p", 2);
  const Tensor powers = ops::pow(ops::abs(ops::pad(x, w.padding(x.rank(), true))), p);
  return {ops::pow(ops::sum(unfolded(powers, w), window_axes(w)), 1 / p)};
}

Axes spatial_axes(const Tensor& x) {
  Axes axes;
  for (int i = 2; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}

/// x / (bias + alpha/size * sum of squares over neighbouring channels)^beta.
Tensors local_response_norm(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t size = c.integer("size", 1), channels = x.size(1);
  std::vector<std::array<int64_t, 2>> padding(static_cast<size_t>(x.rank()));
  padding[1] = {(size - 1) / 2, size / 2};
  const Tensor neighbours = ops::reshape(counting(channels), {channels, 1}) + counting(size);
  const Tensor squares = ops::sum(ops::index_select(ops::pad(ops::square(x), padding), 1, neighbours), {2});
  const Tensor scale = squares * (c.number("alpha", 0.0001) / static_cast<double>(size)) + c.number("bias", 1);
  return {x / ops::pow(scale, c.number("beta", 0.75))};
}

}  // namespace

void add_pooling(OperatorTable& table) {
  table["MaxPool"] = max_pool;
  table["AveragePool"] = average_pool;
  table["LpPool"] = lp_pool;
  table["LRN"] = local_response_norm;
  table["GlobalAveragePool"] = [](const NodeCase& c) -> Tensors {
    return {ops::mean(c.in(0), spatial_axes(c.in(0)), true)};
  };
  table["GlobalMaxPool"] = [](const NodeCase& c) -> Tensors {
    return {ops::max(c.in(0), spatial_axes(c.in(0)), true)};
  };
}

}  // namespace triad::onnx
