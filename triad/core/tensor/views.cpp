#include "triad/core/tensor/views.h"

namespace triad::views {
namespace {

Tensor with_geometry(std::string_view view, const Tensor& t, const Shape& shape, const Strides& strides,
                     int64_t offset) {
  require<AutogradError>(!t.requires_grad(), str("views::", view),
                         "the tensor requires a gradient, which this view would cut",
                         Hint{str("use ops::", view, ", or detach() to cut on purpose")});
  return Tensor(t.storage(), t.dtype(), shape, strides, offset);
}

}  // namespace

Tensor permute(const Tensor& t, const Axes& order) {
  require<ShapeError>(order.rank() == t.rank(), "permute", "order ", order, " does not name the ", t.rank(),
                      " axes of shape ", t.shape());
  Shape shape;
  Strides strides;
  Shape seen = Shape::filled(t.rank(), 0);
  for (const int64_t entry : order) {
    const int axis = normalize_axis("permute", entry, t.rank());
    require<ShapeError>(seen[axis]++ == 0, "permute", "axis ", axis, " is listed twice in ", order);
    shape.push_back(t.shape()[axis]);
    strides.push_back(t.strides()[axis]);
  }
  return with_geometry("permute", t, shape, strides, t.offset());
}

Tensor transpose(const Tensor& t, int64_t axis_a, int64_t axis_b) {
  const int a = normalize_axis("transpose", axis_a, t.rank()), b = normalize_axis("transpose", axis_b, t.rank());
  Shape shape = t.shape();
  Strides strides = t.strides();
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return with_geometry("transpose", t, shape, strides, t.offset());
}

Tensor slice(const Tensor& t, int64_t axis_in, int64_t start, int64_t stop, int64_t step) {
  const int axis = normalize_axis("slice", axis_in, t.rank());
  require<ValueError>(step >= 1, "slice", "step is ", step, ", expected at least 1");
  const int64_t extent = t.shape()[axis];
  const auto clamp = [extent](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + extent : i, 0, extent); };
  const int64_t first = clamp(start), last = std::max(clamp(stop), first);
  Shape shape = t.shape();
  Strides strides = t.strides();
  shape[axis] = last == first ? 0 : 1 + (last - first - 1) / step;
  if (shape[axis] > 1) strides[axis] *= step;
  return with_geometry("slice", t, shape, strides, t.offset() + first * t.strides()[axis]);
}

Tensor select(const Tensor& t, int64_t axis_in, int64_t index) {
  const int axis = normalize_axis("select", axis_in, t.rank());
  const int64_t extent = t.shape()[axis];
  require<ValueError>(index >= -extent && index < extent, "select", "index ", index, " is outside axis ", axis,
                      " of shape ", t.shape());
  Shape shape = t.shape();
  Strides strides = t.strides();
  const int64_t offset = t.offset() + (index < 0 ? index + extent : index) * strides[axis];
  shape.erase(axis);
  strides.erase(axis);
  return with_geometry("select", t, shape, strides, offset);
}

Tensor expand(const Tensor& t, const Shape& shape) {
  const int added = shape.rank() - t.rank();
  require<ShapeError>(added >= 0, "expand", "shape ", t.shape(), " has more axes than ", shape);
  for (const int64_t extent : shape)
    require<ShapeError>(extent >= 0, "expand", "shape ", shape, " has a negative extent");
  Strides strides = Shape::filled(shape.rank(), 0);
  for (int i = 0; i < t.rank(); ++i) {
    const int64_t have = t.shape()[i], want = shape[added + i];
    require<ShapeError>(have == want || have == 1, "expand", "shape ", t.shape(), " does not expand to ", shape,
                        ": axis ", i - t.rank(), " is ", have, ", expected ", want, " or 1");
    strides[added + i] = have == want ? t.strides()[i] : 0;
  }
  return with_geometry("expand", t, shape, strides, t.offset());
}

Tensor unsqueeze(const Tensor& t, int64_t axis_in) {
  const int axis = normalize_axis("unsqueeze", axis_in, t.rank() + 1);
  Shape shape = t.shape();
  Strides strides = t.strides();
  const int64_t stride = axis < t.rank() ? t.strides()[axis] * t.shape()[axis] : 1;
  shape.insert(axis, 1);
  strides.insert(axis, stride);
  return with_geometry("unsqueeze", t, shape, strides, t.offset());
}

// The old axes are merged into runs that lie without gaps in memory; the new axes, last first, must split each run exactly.
std::optional<Tensor> reshape(const Tensor& t, const Shape& shape) {
  require<ShapeError>(checked_numel(shape) == t.numel(), "reshape", "shape ", t.shape(), " of ", t.numel(),
                      " elements cannot become ", shape);
  if (t.numel() == 0) return with_geometry("reshape", t, shape, contiguous_strides(shape), t.offset());
  Shape run_extents;
  Strides run_strides;
  for (int i = 0; i < t.rank(); ++i) {
    const int64_t extent = t.shape()[i], stride = t.strides()[i];
    if (extent == 1) continue;
    if (!run_extents.empty() && run_strides.back() == extent * stride) {
      run_extents.back() *= extent;
      run_strides.back() = stride;
    } else {
      run_extents.push_back(extent);
      run_strides.push_back(stride);
    }
  }
  Strides strides = Shape::filled(shape.rank(), 1);
  int64_t left = 1;  // what of the current run the new axes have not covered
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] == 1) continue;
    if (left == 1) {
      left = run_extents.back();
      stride = run_strides.back();
      run_extents.pop_back();
      run_strides.pop_back();
    }
    if (left % shape[i] != 0) return std::nullopt;
    strides[i] = stride;
    stride *= shape[i];
    left /= shape[i];
  }
  return with_geometry("reshape", t, shape, strides, t.offset());
}

Shape resolve_shape(std::string_view op, const Shape& shape, int64_t numel) {
  Shape out = shape;
  int unknown = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    require<ShapeError>(shape[i] >= -1, op, "shape ", shape, " has a negative extent");
    if (shape[i] != -1) continue;
    require<ShapeError>(unknown < 0, op, "shape ", shape, " has more than one -1");
    unknown = i;
  }
  if (unknown >= 0) {
    out[unknown] = 1;
    const int64_t known = checked_numel(out).value_or(0);
    require<ShapeError>(known > 0 && numel % known == 0, op, "-1 in ", shape, " cannot be resolved for ", numel,
                        " elements");
    out[unknown] = numel / known;
  }
  require<ShapeError>(checked_numel(out) == numel, op, numel, " elements cannot take shape ", shape);
  return out;
}

}  // namespace triad::views
