// All trainable parameters of a model in one buffer, and their gradients in another of the same layout.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "triad/autograd/parameter.h"
#include "triad/core/tensor/tensor.h"

namespace triad::optim {

/// Elements first..first+count of an arena.
struct ArenaRange {
  int64_t first = 0, count = 0;
};

/// One optimizer launch covers the whole arena, a gradient bucket is a slice of it, and a checkpoint still stores
/// parameters by name. Layout: parameters that decay first, then the others, each group in the given order, every
/// parameter starting on a multiple of 64 bytes. The padding between them is zero in values and gradients and stays so.
class Arena {
 public:
  struct Slice {
    std::string name;
    Parameter* parameter;
    int64_t offset;  ///< in elements
    int64_t numel;
  };

  /// Moves every trainable f32 parameter into the arena and points its gradient there; frozen ones are left alone and
  /// have to stay frozen. All must outlive the arena.
  /// A parameter listed twice under two names (tied weights) is taken once, under the first. ValueError if nothing is
  /// trainable.
  explicit Arena(const std::vector<NamedParameter>& parameters);

  const std::vector<Slice>& slices() const { return slices_; }
  int64_t numel() const { return values_.numel(); }
  /// Elements [0, decayed()) belong to parameters with weight decay.
  int64_t decayed() const { return decayed_; }

  Tensor& values() { return values_; }
  const Tensor& values() const { return values_; }
  Tensor& gradients() { return gradients_; }
  void zero_gradients();

  /// ValueError naming the parameter if one was frozen or unfrozen since, or if its values or gradient lie elsewhere by
  /// now: an update would move what should rest, or miss what should move.
  void check_parameters() const;

  /// The slice that holds element `offset`, for messages about it.
  const Slice& slice_at(int64_t offset) const;

 private:
  std::vector<Slice> slices_;
  std::vector<NamedParameter> frozen_;
  int64_t decayed_ = 0;
  Tensor values_, gradients_;
};

}  // namespace triad::optim
