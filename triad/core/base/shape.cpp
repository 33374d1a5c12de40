#include "triad/core/base/shape.h"

#include <array>
#include <utility>

namespace triad {

void Shape::too_many_axes() { fail<ShapeError>("Shape", "a tensor has at most ", kMaxRank, " axes"); }

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int i = 0; i < shape.rank(); ++i) out << (i ? ", " : "") << shape[i];
  return out << ']';
}

std::optional<int64_t> checked_numel(const Shape& shape) {
  int64_t numel = 1;
  bool empty = false;
  for (const int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) empty = true;
    else if (__builtin_mul_overflow(numel, extent, &numel)) return std::nullopt;
  }
  return empty ? 0 : numel;
}

std::optional<int64_t> checked_reach(const Shape& shape, const Strides& strides) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t elements = 1, step = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    if (strides[i] < 0 || __builtin_mul_overflow(shape[i] - 1, strides[i], &step) ||
        __builtin_add_overflow(elements, step, &elements))
      return std::nullopt;
  }
  return elements;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Shape::filled(shape.rank(), 1);
  for (int i = shape.rank() - 2; i >= 0; --i) strides[i] = strides[i + 1] * std::max<int64_t>(shape[i + 1], 1);
  return strides;
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape out = longer;
  const int offset = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    int64_t& extent = out[offset + i];
    if (extent == shorter[i] || shorter[i] == 1) continue;
    require<ShapeError>(extent == 1, op, "shapes ", a, " and ", b, " do not broadcast: axis ", i - shorter.rank(),
                        " is ", a[a.rank() + i - shorter.rank()], " against ", b[b.rank() + i - shorter.rank()],
                        Hint{"extents must be equal or 1, counted from the last axis"});
    extent = shorter[i];
  }
  return out;
}

int normalize_axis(std::string_view op, int64_t axis, int rank) {
  require<ShapeError>(axis >= -rank && axis < rank, op, "axis ", axis, " does not exist in a tensor of ", rank,
                      " axes");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Axes normalize_axes(std::string_view op, const Axes& axes, int rank) {
  std::array<bool, kMaxRank> listed{};
  for (const int64_t given : axes) {
    const int axis = normalize_axis(op, given, rank);
    require<ShapeError>(!std::exchange(listed[static_cast<size_t>(axis)], true), op, "axis ", axis,
                        " is listed twice in ", axes);
  }
  Axes out;
  for (int axis = 0; axis < rank; ++axis) {
    if (axes.empty() || listed[static_cast<size_t>(axis)]) out.push_back(axis);
  }
  return out;
}

Shape reduced_shape(const Shape& shape, const Axes& axes, bool keep) {
  Shape out;
  int next = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool reduced = next < axes.rank() && axes[next] == i;
    if (reduced) ++next;
    if (!reduced) out.push_back(shape[i]);
    else if (keep) out.push_back(1);
  }
  return out;
}

}  // namespace triad
