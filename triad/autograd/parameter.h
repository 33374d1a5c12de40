// A trainable tensor: the f32 master that the optimizer updates, and the copy in the dtype that the model computes in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "triad/core/tensor/tensor.h"

namespace triad {

/// Modules own parameters; optimizers, checkpoints and arenas see them through pointers, by name.
class Parameter {
 public:
  Parameter() = default;
  /// `value`: f32 or f64. `decays`: whether weight decay applies (not to biases, norms and temperatures).
  explicit Parameter(Tensor value, bool decays = true);

  bool defined() const { return value_.defined(); }
  const Shape& shape() const { return value_.shape(); }
  bool decays() const { return decays_; }
  bool trainable() const { return value_.requires_grad(); }
  /// Freezing drops the gradient, which may hold on to the buffer of an arena. An arena of before does not follow: its
  /// optimizer refuses to step.
  void set_trainable(bool trainable);

  /// The master: a leaf of the tape.
  const Tensor& value() const { return value_; }
  /// The master in `dtype`, connected to it on the tape: gradients arrive at the master in its own dtype. The converted
  /// copy is kept until the master changes. Undefined for an undefined parameter.
  Tensor as(DType dtype) const;

  /// Moves the master (data, not identity) into `storage_view`, such as a slice of an arena: the values are copied
  /// there, and the gradient accumulates into `gradient_view`.
  void relocate(Tensor storage_view, Tensor gradient_view);
  /// Overwrites the values, converting the dtype. ShapeError naming `name` if the shape differs.
  void assign(std::string_view name, const Tensor& values);

 private:
  Tensor value_;
  bool decays_ = true;
  mutable Tensor converted_;
  mutable uint64_t converted_version_ = 0;
};

/// A parameter and its path in the model, "layers.0.attention.query.weight".
struct NamedParameter {
  std::string name;
  Parameter* parameter;
};

}  // namespace triad
