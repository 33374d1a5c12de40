// What both passes of attention share: rows of heads, blocks of keys, masks, and the softmax of a row of scores.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <hwy/highway.h>

#include "triad/core/cpu/multiply-inl.h"
#include "triad/core/cpu/vector_philox-inl.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/softmax/exponentials-inl.h"

#if defined(TRIAD_OPS_ATTENTION_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TRIAD_OPS_ATTENTION_BLOCK_INL_H
#undef TRIAD_OPS_ATTENTION_BLOCK_INL_H
#else
#define TRIAD_OPS_ATTENTION_BLOCK_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {

inline constexpr int64_t kQueryBlock = 64;
inline constexpr int64_t kKeyBlock = 128;
using cpu::HWY_NAMESPACE::padded;

/// A [B, H, T, D] tensor as rows of D elements.
template <class E>
struct Heads {
  E* data;
  int64_t batch, head, row;  // strides

  E* at(int64_t b, int64_t h, int64_t t) const { return data + b * batch + h * head + t * row; }
};
template <class E>
Heads<const E> heads(const Tensor& t) {
  return {t.data<E>(), t.strides()[0], t.strides()[1], t.strides()[2]};
}
template <class E>
Heads<E> heads(Tensor& t) {
  return {t.mutable_data<E>(), t.strides()[0], t.strides()[1], t.strides()[2]};
}

/// One number for each query of q.
template <class T>
Heads<T> per_query(T* data, const Tensor& q) {
  return {data, q.size(1) * q.size(2), q.size(2), 1};
}

/// Everything about one (batch, head) that both passes share.
template <class T>
struct Problem {
  int64_t b, h, queries, keys, width;
  const bool* key_mask;  // of this sample, or null
  const AttentionOptions& options;
  int64_t first_visible;  // key, as far as the mask goes; `keys` if there is none

  bool sees_any(int64_t query) const { return first_visible < key_end(query); }
  /// Keys beyond this are hidden from the query, and all before it, by causality.
  int64_t key_end(int64_t query) const { return options.causal ? std::min(keys, query + 1) : keys; }
};

/// A run of keys: keys first..first+count, in `columns` columns of the matrices about it.
struct KeyBlock {
  KeyBlock(int64_t first_key, int64_t keys)
      : first(first_key), count(std::min(kKeyBlock, keys - first_key)), columns(padded(count)) {}
  int64_t first, count, columns;
};

template <class T>
void store_rows(const T* from, int64_t count, int64_t width, auto&& destination) {
  const vec::Tag<T> d;
  for (int64_t t = 0; t < count; ++t) {
    auto* to = destination(t);
    vec::for_each_vector<T>(
        width, [&](auto part, int64_t i) { part.store(hn::LoadU(d, from + t * padded(width) + i), to + i); });
  }
}

/// Which columns of a block of keys a query may see.
template <class T>
class Visible {
 public:
  Visible(const Problem<T>& p, const KeyBlock& keys) : keys_(keys), causal_(p.options.causal) {
    for (int64_t j = 0; j < keys.columns; ++j)
      open_[j] = j < keys.count && (!p.key_mask || p.key_mask[keys.first + j]) ? T(1) : T(0);
    everything_ = !causal_ && std::find(open_, open_ + keys.columns, T(0)) == open_ + keys.columns;
  }

  /// Whether every query sees every column.
  bool everything() const { return everything_; }
  /// Of the lanes from column j on.
  HWY_INLINE auto lanes(int64_t query, int64_t j) const {
    const vec::Tag<T> d;
    const auto open = hn::Ne(hn::Load(d, open_ + j), hn::Zero(d));
    if (!causal_) return open;
    const int64_t end = query + 1 - keys_.first - j;
    return hn::And(open, hn::FirstN(d, static_cast<size_t>(std::max<int64_t>(end, 0))));
  }

 private:
  HWY_ALIGN T open_[kKeyBlock];
  KeyBlock keys_;
  bool causal_, everything_;
};

/// The dropout mask of a block of queries and keys, by the words documented in attention.h.
class DropoutMask {
 public:
  template <class T>
  void draw(const Problem<T>& p, int64_t first_query, int64_t queries, const KeyBlock& keys) {
    threshold_ = static_cast<uint32_t>(std::ldexp(p.options.dropout, 32));
    for (int64_t i = 0; i < queries; ++i) {
      for (int64_t j = 0; j < keys.count; j += vec::kRandomWords)
        vec::random_words(p.options.key, attention_dropout_block(p.h, first_query + i, keys.first + j),
                          static_cast<uint32_t>(p.b), words_ + i * kKeyBlock + j);
    }
  }

  /// v / (1 - p) where the weight of query i and the key of the lane is kept, else 0.
  template <class T>
  HWY_INLINE hn::Vec<vec::Tag<T>> apply(hn::Vec<vec::Tag<T>> v, hn::Vec<vec::Tag<T>> inverse, int64_t i,
                                        int64_t j) const {
    const vec::Tag<T> d;
    const uint32_t* words = words_ + i * kKeyBlock + j;
    if constexpr (sizeof(T) == 4) {
      const vec::Tag<uint32_t> d32;
      const auto dropped = hn::RebindMask(d, hn::Lt(hn::LoadU(d32, words), hn::Set(d32, threshold_)));
      return hn::IfThenZeroElse(dropped, hn::Mul(v, inverse));
    } else {
      HWY_ALIGN T factors[vec::kMostLanes];
      for (size_t lane = 0; lane < hn::Lanes(d); ++lane) factors[lane] = words[lane] < threshold_ ? T(0) : T(1);
      const auto kept = hn::Ne(hn::Load(d, factors), hn::Zero(d));
      return hn::IfThenElseZero(kept, hn::Mul(v, inverse));
    }
  }

 private:
  uint32_t words_[kQueryBlock * kKeyBlock];  // a draw ends later than a row of keys does, but not than this
  uint32_t threshold_ = 0;
};

/// Products q k of one query → weights exp(scale q k - shift), dropped as `mask` says unless it is null; returns the sum of
/// those before dropping. What is hidden gives exactly 0.
template <class T>
T exponentiate(T* row, T scale, T shift, int64_t query, int64_t i, const KeyBlock& keys, const Visible<T>& visible,
               const DropoutMask* mask, T inverse) {
  const vec::Tag<T> d;
  const auto scales = hn::Set(d, scale), shifts = hn::Set(d, shift), inverses = hn::Set(d, inverse);
  auto sum = hn::Zero(d);
  for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
    auto weight = vec::exp(d, hn::MulSub(hn::LoadU(d, row + j), scales, shifts));
    if (!visible.everything()) weight = hn::IfThenElseZero(visible.lanes(query, j), weight);
    sum = hn::Add(sum, weight);
    hn::StoreU(mask ? mask->apply<T>(weight, inverses, i, j) : weight, d, row + j);
  }
  return vec::sum_of_lanes<T>(sum);
}

/// The largest visible product of a query, -inf for none.
template <class T>
T visible_maximum(const T* row, int64_t query, const KeyBlock& keys, const Visible<T>& visible) {
  const vec::Tag<T> d;
  const auto minus_inf = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto largest = minus_inf;
  for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
    const auto product = hn::LoadU(d, row + j);
    largest =
        hn::Max(visible.everything() ? product : hn::IfThenElse(visible.lanes(query, j), product, minus_inf), largest);
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

template <class T>
void scale_row(T* row, int64_t n, T factor) {
  const vec::Tag<T> d;
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d)))
    hn::StoreU(hn::Mul(hn::LoadU(d, row + i), hn::Set(d, factor)), d, row + i);
}

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
