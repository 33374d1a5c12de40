// Arguments that may be absent: an undefined tensor stands for "none".
#pragma once

#include "triad/core/tensor/tensor.h"

namespace triad {

/// contiguous(t), without history, or undefined.
inline Tensor contiguous_if_defined(const Tensor& t) { return t.defined() ? contiguous(t.detach()) : Tensor(); }

/// The address of the elements, or null.
template <class T>
const T* data_or_null(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}

}  // namespace triad
