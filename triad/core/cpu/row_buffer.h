// Rows of any floating dtype as rows of the type arithmetic is done in.
#pragma once

#include <cstdint>

#include "triad/core/base/dtype.h"

namespace triad::cpu {

/// Elements a kernel loads, computes and stores at a time: in L1, and long enough to hide the loop around it.
inline constexpr int64_t kRowChunk = 512;

/// `n` elements at `from` with `stride`, as a dense row: `from` itself if it already is one of type Compute<T>,
/// otherwise converted into `buffer`.
template <class T>
const Compute<T>* load_row(const T* from, int64_t stride, int64_t n, Compute<T>* buffer) {
  if constexpr (std::is_same_v<T, Compute<T>>) {
    if (stride == 1) return from;
  }
  if (stride == 1)
    for (int64_t i = 0; i < n; ++i) buffer[i] = from[i];
  else
    for (int64_t i = 0; i < n; ++i) buffer[i] = from[i * stride];
  return buffer;
}

template <class T, class C>
void store_row(const C* row, int64_t n, T* to, int64_t stride) {
  if (stride == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(row[i]);
  else
    for (int64_t i = 0; i < n; ++i) to[i * stride] = static_cast<T>(row[i]);
}

}  // namespace triad::cpu
