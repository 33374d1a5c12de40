#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/pad.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {

Tensor counting(int64_t n) {
  std::vector<int64_t> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return from_values(values, {n});
}

namespace {

std::vector<int64_t> all_axes(const Tensor& x) { return counting(x.rank()).to_vector<int64_t>(); }

Tensors split(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t axis = c.integer("axis", 0), extent = x.size(static_cast<int>(axis));
  std::vector<int64_t> sizes = c.has(1) ? c.list(1) : c.integers("split");
  if (sizes.empty()) {  // equal parts, a shorter one at the end
    const int64_t parts = c.integer("num_outputs", static_cast<int64_t>(c.output_count()));
    const int64_t size = (extent + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<int64_t>(extent - i * size, 0, size));
  }
  return ops::split(x, sizes, axis);
}

/// Python's slice of any step, as a selection of indices.
Tensors slice(const NodeCase& c) {
  Tensor x = c.in(0);
  const auto starts = c.list(1), ends = c.list(2);
  const auto axes = c.has(3) ? c.list(3) : all_axes(x);
  const auto steps = c.has(4) ? c.list(4) : std::vector<int64_t>(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int axis = normalize_axis("slice", axes[i], x.rank());
    const int64_t n = x.size(axis), step = steps[i], low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    const auto bound = [&](int64_t at) { return std::clamp(at < 0 ? at + n : at, low, high); };
    std::vector<int64_t> chosen;
    const int64_t end = bound(ends[i]);
    for (int64_t at = bound(starts[i]); step > 0 ? at < end : at > end; at += step) chosen.push_back(at);
    x = ops::index_select(x, axis, index_list(chosen));
  }
  return {x};
}

/// Where element i of a padded axis comes from.
int64_t mirrored(const std::string& mode, int64_t i, int64_t n) {
  if (mode == "edge") return std::clamp<int64_t>(i, 0, n - 1);
  if (mode == "wrap") return ((i % n) + n) % n;
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1), at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}

Tensors pad(const NodeCase& c) {
  Tensor x = c.in(0);
  const auto pads = c.has(1) ? c.list(1) : c.integers("pads");
  const auto axes = c.has(3) ? c.list(3) : all_axes(x);
  const std::string mode = c.text("mode", "constant");
  const double value = c.has(2) ? c.in(2).item() : c.number("value", 0);
  std::vector<std::array<int64_t, 2>> amounts(static_cast<size_t>(x.rank()));
  for (size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis("pad", axes[i], x.rank());
    const int64_t before = pads[i], after = pads[i + axes.size()], n = x.size(axis);
    if (mode == "constant") {
      x = ops::slice(x, axis, std::max<int64_t>(-before, 0), n - std::max<int64_t>(-after, 0));
      amounts[static_cast<size_t>(axis)] = {std::max<int64_t>(before, 0), std::max<int64_t>(after, 0)};
      continue;
    }
    std::vector<int64_t> chosen;
    for (int64_t at = -before; at < n + after; ++at) chosen.push_back(mirrored(mode, at, n));
    x = ops::index_select(x, axis, index_list(chosen));
  }
  return {mode == "constant" ? ops::pad(x, amounts, value) : x};
}

Tensors reshape(const NodeCase& c) {
  const Tensor x = c.in(0);
  Shape shape(c.list(1));
  const bool zero_is_zero = c.flag("allowzero", false);
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] == 0 && !zero_is_zero) shape[i] = x.size(i);
  return {ops::reshape(x, shape)};
}

Tensors squeeze(const NodeCase& c) {
  const Tensor x = c.in(0);
  std::vector<int64_t> axes = c.has(1) ? c.list(1) : c.integers("axes");
  if (axes.empty())
    for (int i = 0; i < x.rank(); ++i)
      if (x.size(i) == 1) axes.push_back(i);
  return {ops::reshape(
      x, reduced_shape(x.shape(), axes.empty() ? Axes() : normalize_axes("squeeze", Axes(axes), x.rank()), false))};
}

Tensors unsqueeze(const NodeCase& c) {
  Tensor x = c.in(0);
  const auto listed = c.has(1) ? c.list(1) : c.integers("axes");
  const int rank = x.rank() + static_cast<int>(listed.size());
  for (const int64_t axis : normalize_axes("unsqueeze", Axes(listed), rank)) x = ops::unsqueeze(x, axis);
  return {x};
}

Tensors transpose(const NodeCase& c) {
  const Tensor x = c.in(0);
  Axes order(c.integers("perm"));
  if (order.empty())
    for (int i = x.rank() - 1; i >= 0; --i) order.push_back(i);
  return {ops::permute(x, order)};
}

Tensors tile(const NodeCase& c) {
  Tensor x = c.in(0);
  const auto repeats = c.list(1);
  for (int axis = 0; axis < x.rank(); ++axis) {
    std::vector<int64_t> chosen;
    const int64_t n = x.size(axis);
    for (int64_t i = 0; i < n * repeats[static_cast<size_t>(axis)]; ++i) chosen.push_back(i % n);
    x = ops::index_select(x, axis, index_list(chosen));
  }
  return {x};
}

Tensors triangle(const NodeCase& c) {
  const Tensor x = c.in(0);
  const double k = c.has(1) ? c.in(1).item() : 0;
  const Tensor row = ops::reshape(counting(x.size(-2)), {x.size(-2), 1}) + k, column = counting(x.size(-1));
  const Tensor kept = c.flag("upper", true) ? ops::less_equal(row, column) : ops::greater_equal(row, column);
  return {ops::where(kept, x, scalar_like(x, 0))};
}

/// [N, C, H, W] with blocks of b x b pixels moved between space and channels.
Tensors depth_to_space(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t b = c.integer("blocksize", 1), n = x.size(0), d = x.size(1) / (b * b), h = x.size(2), w = x.size(3);
  const Tensor blocks = c.text("mode", "DCR") == "DCR"
                            ? ops::permute(ops::reshape(x, {n, b, b, d, h, w}), {0, 3, 4, 1, 5, 2})
                            : ops::permute(ops::reshape(x, {n, d, b, b, h, w}), {0, 1, 4, 2, 5, 3});
  return {ops::reshape(blocks, {n, d, h * b, w * b})};
}

Tensors space_to_depth(const NodeCase& c) {
  const Tensor x = c.in(0);
  const int64_t b = c.integer("blocksize", 1), n = x.size(0), d = x.size(1), h = x.size(2) / b, w = x.size(3) / b;
  return {ops::reshape(ops::permute(ops::reshape(x, {n, d, h, b, w, b}), {0, 3, 5, 1, 2, 4}), {n, d * b * b, h, w})};
}

/// Cut or padded around the centre to the wanted extents.
Tensors centre_crop_pad(const NodeCase& c) {
  Tensor x = c.in(0);
  const auto wanted = c.list(1), listed = c.integers("axes");
  const auto axes = listed.empty() ? all_axes(x) : listed;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis("centre_crop_pad", axes[i], x.rank());
    const int64_t surplus = x.size(axis) - wanted[i];
    if (surplus > 0) x = ops::slice(x, axis, surplus / 2, surplus / 2 + wanted[i]);
    std::vector<std::array<int64_t, 2>> amounts(static_cast<size_t>(x.rank()));
    if (surplus < 0) amounts[static_cast<size_t>(axis)] = {-surplus / 2, -surplus - -surplus / 2};
    x = ops::pad(x, amounts);
  }
  return {x};
}

}  // namespace

void add_shapes(OperatorTable& table) {
  table["Concat"] = [](const NodeCase& c) -> Tensors {
    Tensors xs;
    for (size_t i = 0; i < c.input_count(); ++i) xs.push_back(c.in(i));
    return {ops::concat(xs, c.integer("axis", 0))};
  };
  table["Split"] = split;
  table["Slice"] = slice;
  table["Pad"] = pad;
  table["Reshape"] = reshape;
  table["Squeeze"] = squeeze;
  table["Unsqueeze"] = unsqueeze;
  table["Transpose"] = transpose;
  table["Tile"] = tile;
  table["Trilu"] = triangle;
  table["DepthToSpace"] = depth_to_space;
  table["SpaceToDepth"] = space_to_depth;
  table["CenterCropPad"] = centre_crop_pad;
  table["Flatten"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const int64_t axis = c.integer("axis", 1);
    int64_t rows = 1;
    for (int64_t i = 0; i < (axis < 0 ? axis + x.rank() : axis); ++i) rows *= x.size(static_cast<int>(i));
    return {ops::reshape(x, {rows, rows == 0 ? 0 : x.numel() / rows})};
  };
  table["Expand"] = [](const NodeCase& c) -> Tensors {
    return {ops::expand(c.in(0), broadcast_shapes("expand", c.in(0).shape(), Shape(c.list(1))))};
  };
  table["Shape"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const Tensor extents = from_values(std::vector<int64_t>(x.shape().begin(), x.shape().end()), {x.rank()});
    return {ops::slice(extents, 0, c.integer("start", 0), c.integer("end", x.rank()))};
  };
  table["Size"] = [](const NodeCase& c) -> Tensors { return {from_values<int64_t>({c.in(0).numel()}, {})}; };
  table["EyeLike"] = [](const NodeCase& c) -> Tensors {
    const Tensor x = c.in(0);
    const Tensor row = ops::reshape(counting(x.size(0)), {x.size(0), 1}) + static_cast<double>(c.integer("k", 0));
    const Tensor on = ops::equal(row, counting(x.size(1)));
    return {ops::cast(on, c.has_attribute("dtype") ? dtype_from_code(c.integer("dtype", 1)) : x.dtype())};
  };
  table["Range"] = [](const NodeCase& c) -> Tensors {
    const Tensor start = c.in(0), step = c.in(2);
    const double n = std::ceil((c.in(1).item() - start.item()) / step.item());
    return {start + ops::cast(counting(static_cast<int64_t>(std::max(n, 0.0))), start.dtype()) * step};
  };
}

}  // namespace triad::onnx
