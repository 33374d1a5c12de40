// Shapes and strides: short lists of int64 that live on the stack.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <span>
#include <string_view>

#include "triad/core/base/error.h"

namespace triad {

/// Largest number of axes a tensor may have. ShapeError above it.
inline constexpr int kMaxRank = 8;

/// An ordered list of at most kMaxRank integers: the extents of a tensor, its strides, or a list of axes.
class Shape {
 public:
  using value_type = int64_t;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<int64_t> values) : Shape(std::span(values.begin(), values.size())) {}
  explicit constexpr Shape(std::span<const int64_t> values) {
    for (const int64_t v : values) push_back(v);
  }
  /// `rank` entries equal to `value`.
  static constexpr Shape filled(int rank, int64_t value) {
    Shape s;
    for (int i = 0; i < rank; ++i) s.push_back(value);
    return s;
  }

  constexpr int rank() const { return rank_; }
  constexpr bool empty() const { return rank_ == 0; }
  constexpr int64_t& operator[](int axis) { return values_[static_cast<size_t>(axis)]; }
  constexpr int64_t operator[](int axis) const { return values_[static_cast<size_t>(axis)]; }
  constexpr int64_t& back() { return values_[static_cast<size_t>(rank_ - 1)]; }
  constexpr int64_t back() const { return values_[static_cast<size_t>(rank_ - 1)]; }
  constexpr int64_t* begin() { return values_.data(); }
  constexpr int64_t* end() { return values_.data() + rank_; }
  constexpr const int64_t* begin() const { return values_.data(); }
  constexpr const int64_t* end() const { return values_.data() + rank_; }

  constexpr void push_back(int64_t value) {
    if (rank_ == kMaxRank) too_many_axes();
    values_[static_cast<size_t>(rank_++)] = value;
  }
  constexpr void pop_back() { --rank_; }
  constexpr void insert(int axis, int64_t value) {
    push_back(value);
    std::rotate(begin() + axis, end() - 1, end());
  }
  constexpr void erase(int axis) {
    std::rotate(begin() + axis, begin() + axis + 1, end());
    pop_back();
  }

  /// Product of the entries; 1 for the empty shape (a scalar).
  constexpr int64_t numel() const {
    int64_t n = 1;
    for (const int64_t v : *this) n *= v;
    return n;
  }

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  [[noreturn]] static void too_many_axes();

  std::array<int64_t, kMaxRank> values_{};
  int rank_ = 0;
};

using Strides = Shape;
using Axes = Shape;

/// "[2, 3, 4]".
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// numel of a shape nobody has checked yet: nothing if an extent is negative, or if 64 bits cannot hold the product of
/// the extents that are not 0 (so that strides of the shape do not overflow either).
std::optional<int64_t> checked_numel(const Shape& shape);

/// Elements from the first to the last one of a strided block, gaps included; 0 if an extent is 0. Nothing if a stride
/// is negative or 64 bits cannot count them.
std::optional<int64_t> checked_reach(const Shape& shape, const Strides& strides);

/// Row-major strides, in elements, of a dense tensor of this shape.
Strides contiguous_strides(const Shape& shape);

/// The shape two shapes broadcast to, aligned at the last axis; an extent of 1 stretches.     [NumPy's rule]
/// Throws ShapeError naming `op` where they do not fit.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);

/// Maps axis -rank..rank-1 to 0..rank-1. Throws ShapeError naming `op` outside of that.
int normalize_axis(std::string_view op, int64_t axis, int rank);

/// normalize_axis of each, sorted; an empty list means all axes. Throws ShapeError when one stands twice.
Axes normalize_axes(std::string_view op, const Axes& axes, int rank);

/// `shape` with each of the (normalised) axes set to 1 when `keep`, removed otherwise.
Shape reduced_shape(const Shape& shape, const Axes& axes, bool keep);

}  // namespace triad
