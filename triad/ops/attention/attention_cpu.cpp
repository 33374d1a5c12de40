// Attention in blocks of queries and keys that stay in the L2 cache. Arithmetic is in f32 (f64 for f64).
//
// Forward, for a block of queries, over all blocks of keys (m: running maximum, l: running sum, both per query):
//   S = scale Q K^T;  m' = max(m, rowmax S);  P = exp(S - m');  l = l exp(m - m') + rowsum P;  O = O exp(m - m') + P V
//   y = O / l, lse = m + log l.
// A maximum may miss a NaN; P does not, and l carries it to y and lse. Scores that overflow do so as inf - inf or 0 / 0.
// Backward, with P = exp(S - lse) recomputed, drop(.) the dropout mask over 1-p, delta = rowsum(dy * y):
//   dV = drop(P)^T dy;  dS = P * (drop(dy V^T) - delta) scale;  dQ = dS K;  dK = dS^T Q.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "triad/ops/attention/attention_cpu.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// After highway.h: it defines the per-target namespaces the rest is compiled in.
#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/core/cpu/multiply-inl.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/cpu/vector_philox-inl.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/softmax/exponentials-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

constexpr int64_t kQueryBlock = 64;
constexpr int64_t kKeyBlock = 128;
constexpr int64_t kQueriesPerTask = 8 * kQueryBlock;  // of the forward pass; they share the transposed keys
using cpu::HWY_NAMESPACE::multiply;
using cpu::HWY_NAMESPACE::padded;
using cpu::HWY_NAMESPACE::transpose;

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

/// Rows first..first+count of a head as [padded(count), padded(D)], times `scale`; the padding is 0.
template <class T, class E>
void load_rows(const Heads<const E>& from, int64_t b, int64_t h, int64_t first, int64_t count, int64_t width, T scale,
               T* to) {
  const vec::Tag<T> d;
  const int64_t row = padded(width);
  const auto factor = hn::Set(d, scale);
  for (int64_t t = 0; t < count; ++t) {
    const E* source = from.at(b, h, first + t);
    T* out = to + t * row;
    std::fill(out + width, out + row, T(0));
    vec::for_each_vector<T>(
        width, [&](auto part, int64_t i) { hn::StoreU(hn::Mul(part.load(source + i), factor), d, out + i); });
  }
  std::fill(to + count * row, to + padded(count) * row, T(0));
}

template <class T>
void store_rows(const T* from, int64_t count, int64_t width, auto&& destination) {
  const vec::Tag<T> d;
  for (int64_t t = 0; t < count; ++t) {
    auto* to = destination(t);
    vec::for_each_vector<T>(
        width, [&](auto part, int64_t i) { part.store(hn::LoadU(d, from + t * padded(width) + i), to + i); });
  }
}

/// Rows of hidden keys are zeroed, so that NaN in them cannot reach a sum as 0 * NaN.
template <class T>
void clear_hidden_rows(T* rows, int64_t row, int64_t count, const bool* key_mask) {
  if (!key_mask) return;
  for (int64_t t = 0; t < count; ++t) {
    if (!key_mask[t]) std::fill(rows + t * row, rows + (t + 1) * row, T(0));
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
    const int64_t key_words = (p.keys + 3) / 4 * 4, first_word = (p.h * p.queries + first_query) * key_words;
    const auto words = [&](int64_t word, int64_t count, uint32_t* to) {
      for (int64_t i = 0; i < count; i += vec::kRandomWords)
        vec::random_words(p.options.key, static_cast<uint32_t>((word + i) / 4), static_cast<uint32_t>(p.b), to + i);
    };
    if (key_words <= kKeyBlock) {  // the words of a query follow those of the one before
      row_ = key_words;
      words(first_word, queries * key_words, words_);
    } else {
      row_ = kKeyBlock;
      for (int64_t i = 0; i < queries; ++i)
        words(first_word + i * key_words + keys.first, keys.count, words_ + i * row_);
    }
  }

  /// v / (1 - p) where the weight of query i and the key of the lane is kept, else 0.
  template <class T>
  HWY_INLINE hn::Vec<vec::Tag<T>> apply(hn::Vec<vec::Tag<T>> v, hn::Vec<vec::Tag<T>> inverse, int64_t i,
                                        int64_t j) const {
    const vec::Tag<T> d;
    const uint32_t* words = words_ + i * row_ + j;
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
  // A row of words may end before the last column does, and a draw ends later than a row.
  uint32_t words_[kQueryBlock * kKeyBlock + vec::kRandomWords];
  uint32_t threshold_ = 0;
  int64_t row_ = 0;
};

/// Scores of one query → weights relative to exp(shift), dropped as `mask` says unless it is null; returns the sum of
/// those before dropping. What is hidden gives exactly 0.
template <class T>
T exponentiate(T* row, T shift, int64_t query, int64_t i, const KeyBlock& keys, const Visible<T>& visible,
               const DropoutMask* mask, T inverse) {
  const vec::Tag<T> d;
  const auto vector_shift = hn::Set(d, shift), vector_inverse = hn::Set(d, inverse);
  auto sum = hn::Zero(d);
  for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
    auto weight = vec::exp(d, hn::Sub(hn::LoadU(d, row + j), vector_shift));
    if (!visible.everything()) weight = hn::IfThenElseZero(visible.lanes(query, j), weight);
    sum = hn::Add(sum, weight);
    hn::StoreU(mask ? mask->apply<T>(weight, vector_inverse, i, j) : weight, d, row + j);
  }
  return vec::sum_of_lanes<T>(sum);
}

/// The largest visible score of a query, -inf for none.
template <class T>
T visible_maximum(const T* row, int64_t query, const KeyBlock& keys, const Visible<T>& visible) {
  const vec::Tag<T> d;
  const auto minus_inf = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto largest = minus_inf;
  for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
    const auto score = hn::LoadU(d, row + j);
    largest =
        hn::Max(visible.everything() ? score : hn::IfThenElse(visible.lanes(query, j), score, minus_inf), largest);
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

template <class T>
void scale_row(T* row, int64_t n, T factor) {
  const vec::Tag<T> d;
  for (int64_t i = 0; i < n; i += static_cast<int64_t>(hn::Lanes(d)))
    hn::StoreU(hn::Mul(hn::LoadU(d, row + i), hn::Set(d, factor)), d, row + i);
}

/// The part of a head's forward pass that one task does: some queries against all keys.
template <class E>
class ForwardTask {
  using T = Compute<E>;

 public:
  ForwardTask(int64_t keys, int64_t width)
      : row_(padded(width)),
        memory_(empty({(2 * kQueryBlock + 2 * padded(keys)) * row_ + kKeyBlock * row_ + kQueryBlock * kKeyBlock},
                      dtype_of<T>)) {
    out_ = memory_.mutable_data<T>();
    q_ = out_ + kQueryBlock * row_;
    k_ = q_ + kQueryBlock * row_;
    k_transposed_ = k_ + kKeyBlock * row_;
    v_ = k_transposed_ + padded(keys) * row_;
    scores_ = v_ + padded(keys) * row_;
  }

  void run(const AttentionForward& args, const Problem<T>& p, int64_t first_query, int64_t end_query) {
    for (int64_t first = 0; first < p.key_end(end_query - 1); first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      load_rows(heads<E>(args.k), p.b, p.h, first, keys.count, p.width, T(1), k_);
      transpose(k_, row_, keys.columns, row_, k_transposed_ + first * row_, keys.columns);
      T* v = v_ + first * row_;
      load_rows(heads<E>(args.v), p.b, p.h, first, keys.count, p.width, T(1), v);
      clear_hidden_rows(v, row_, keys.count, p.key_mask ? p.key_mask + first : nullptr);
    }
    for (int64_t first = first_query; first < end_query; first += kQueryBlock)
      run_block(args, p, first, std::min(kQueryBlock, end_query - first));
  }

 private:
  void run_block(const AttentionForward& args, const Problem<T>& p, int64_t first_query, int64_t queries) {
    constexpr T kMinusInf = -std::numeric_limits<T>::infinity();
    const bool drops = p.options.dropout > 0;
    const T inverse_kept = static_cast<T>(1 / (1 - p.options.dropout));
    T maximum[kQueryBlock], total[kQueryBlock] = {};
    std::fill_n(maximum, kQueryBlock, kMinusInf);
    load_rows(heads<E>(args.q), p.b, p.h, first_query, queries, p.width, static_cast<T>(p.options.scale), q_);
    std::fill_n(out_, queries * row_, T(0));
    for (int64_t first = 0; first < p.key_end(first_query + queries - 1); first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      const Visible<T> visible(p, keys);
      multiply(q_, row_, 1, k_transposed_ + first * row_, keys.columns, scores_, keys.columns, queries, p.width,
               keys.columns, false);
      if (drops) mask_.draw(p, first_query, queries, keys);
      for (int64_t i = 0; i < queries; ++i) {
        T* s = scores_ + i * keys.columns;
        const T next = std::max(maximum[i], visible_maximum(s, first_query + i, keys, visible));
        const T shrink = maximum[i] == kMinusInf ? T(0) : std::exp(maximum[i] - next);
        total[i] = total[i] * shrink + exponentiate(s, shift_for(next), first_query + i, i, keys, visible,
                                                    drops ? &mask_ : nullptr, inverse_kept);
        maximum[i] = next;
        if (first > 0) scale_row(out_ + i * row_, row_, shrink);
      }
      multiply(scores_, keys.columns, 1, v_ + first * row_, row_, out_, row_, queries, keys.count, row_, true);
    }
    T* lse = args.lse.mutable_data<T>() + (p.b * args.q.size(1) + p.h) * p.queries + first_query;
    for (int64_t i = 0; i < queries; ++i) {
      const bool sees = p.sees_any(first_query + i);
      lse[i] = sees ? maximum[i] + std::log(total[i]) : kMinusInf;
      if (sees) scale_row(out_ + i * row_, row_, T(1) / total[i]);
      else std::fill_n(out_ + i * row_, row_, T(0));
    }
    const auto y = heads<E>(args.y);
    store_rows(out_, queries, p.width, [&](int64_t t) { return y.at(p.b, p.h, first_query + t); });
  }

  int64_t row_;
  Tensor memory_;
  T *out_, *q_;      // [kQueryBlock, row]
  T* k_;             // [kKeyBlock, row]
  T* k_transposed_;  // of each block of keys [row, columns]
  T* v_;             // [keys, row]
  T* scores_;        // [kQueryBlock, columns]
  DropoutMask mask_;
};

/// Of whole heads.
template <class E>
class BackwardTask {
  using T = Compute<E>;

 public:
  BackwardTask(int64_t queries, int64_t keys, int64_t width)
      : row_(padded(width)), sums_(padded(queries) * row_ + 2 * padded(keys) * row_) {
    const int64_t q = padded(queries) * row_, k = padded(keys) * row_;
    memory_ =
        empty({sums_ + 2 * q + 2 * k + 2 * kKeyBlock * row_ + 2 * kQueryBlock * kKeyBlock + queries}, dtype_of<T>);
    dq_ = memory_.mutable_data<T>();
    dk_ = dq_ + q;
    dv_ = dk_ + k;
    q_ = dv_ + k;
    dy_ = q_ + q;
    k_ = dy_ + q;
    v_ = k_ + k;
    k_transposed_ = v_ + k;
    v_transposed_ = k_transposed_ + kKeyBlock * row_;
    weights_ = v_transposed_ + kKeyBlock * row_;
    slopes_ = weights_ + kQueryBlock * kKeyBlock;
    delta_ = slopes_ + kQueryBlock * kKeyBlock;
  }

  void run(const AttentionBackward& args, const Problem<T>& p) {
    const T scale = static_cast<T>(p.options.scale);
    std::fill_n(dq_, sums_, T(0));
    load_rows(heads<E>(args.q), p.b, p.h, 0, p.queries, p.width, scale, q_);
    load_rows(heads<E>(args.dy), p.b, p.h, 0, p.queries, p.width, T(1), dy_);
    load_rows(heads<E>(args.k), p.b, p.h, 0, p.keys, p.width, T(1), k_);
    load_rows(heads<E>(args.v), p.b, p.h, 0, p.keys, p.width, T(1), v_);
    clear_hidden_rows(k_, row_, p.keys, p.key_mask);
    clear_hidden_rows(v_, row_, p.keys, p.key_mask);
    load_delta(args, p);
    for (int64_t first = 0; first < p.keys; first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      const Visible<T> visible(p, keys);
      transpose(k_ + first * row_, row_, keys.columns, row_, k_transposed_, keys.columns);
      transpose(v_ + first * row_, row_, keys.columns, row_, v_transposed_, keys.columns);
      const int64_t start = p.options.causal ? first / kQueryBlock * kQueryBlock : 0;
      for (int64_t query = start; query < p.queries; query += kQueryBlock)
        run_block(args, p, query, std::min(kQueryBlock, p.queries - query), keys, visible);
    }
    for (int64_t i = 0; i < p.queries; ++i) scale_row(dq_ + i * row_, row_, scale);
    // The 0 of a hidden weight times the NaN of another query or cotangent is NaN.
    clear_hidden_rows(dk_, row_, p.keys, p.key_mask);
    clear_hidden_rows(dv_, row_, p.keys, p.key_mask);
    const auto dq = heads<E>(args.dq), dk = heads<E>(args.dk), dv = heads<E>(args.dv);
    store_rows(dq_, p.queries, p.width, [&](int64_t t) { return dq.at(p.b, p.h, t); });
    store_rows(dk_, p.keys, p.width, [&](int64_t t) { return dk.at(p.b, p.h, t); });
    store_rows(dv_, p.keys, p.width, [&](int64_t t) { return dv.at(p.b, p.h, t); });
  }

 private:
  /// delta = rowsum(dy * y).
  void load_delta(const AttentionBackward& args, const Problem<T>& p) {
    const vec::Tag<T> d;
    const auto y = heads<E>(args.y);
    for (int64_t i = 0; i < p.queries; ++i) {
      const E* y_row = y.at(p.b, p.h, i);
      auto sum = hn::Zero(d);
      vec::for_each_vector<T>(p.width, [&](auto part, int64_t c) {
        sum = hn::MulAdd(part.load(y_row + c), hn::LoadU(d, dy_ + i * row_ + c), sum);
      });
      delta_[i] = vec::sum_of_lanes<T>(sum);
    }
  }

  void run_block(const AttentionBackward& args, const Problem<T>& p, int64_t first, int64_t queries,
                 const KeyBlock& keys, const Visible<T>& visible) {
    const T *q = q_ + first * row_, *dy = dy_ + first * row_, *k = k_ + keys.first * row_;
    multiply(q, row_, 1, k_transposed_, keys.columns, weights_, keys.columns, queries, p.width, keys.columns, false);
    multiply(dy, row_, 1, v_transposed_, keys.columns, slopes_, keys.columns, queries, p.width, keys.columns, false);
    if (p.options.dropout > 0) mask_.draw(p, first, queries, keys);
    const T* lse = args.lse.data<T>() + (p.b * args.q.size(1) + p.h) * p.queries + first;
    for (int64_t i = 0; i < queries; ++i) differentiate_row(p, first, i, lse[i], keys, visible);
    // q already carries `scale`, so dK needs no further factor; dQ gets it at the end.
    multiply(weights_, 1, keys.columns, dy, row_, dv_ + keys.first * row_, row_, keys.count, queries, row_, true);
    multiply(slopes_, 1, keys.columns, q, row_, dk_ + keys.first * row_, row_, keys.count, queries, row_, true);
    multiply(slopes_, keys.columns, 1, k, row_, dq_ + first * row_, row_, queries, keys.count, row_, true);
  }

  /// Of query i of a block: scores become dropped weights, and derivatives by these become derivatives by the scores.
  HWY_INLINE void differentiate_row(const Problem<T>& p, int64_t first_query, int64_t i, T lse, const KeyBlock& keys,
                                    const Visible<T>& visible) {
    const vec::Tag<T> d;
    const auto shift = hn::Set(d, lse), delta = hn::Set(d, delta_[first_query + i]);
    const auto inverse = hn::Set(d, static_cast<T>(1 / (1 - p.options.dropout)));
    const bool drops = p.options.dropout > 0;
    T *weights = weights_ + i * keys.columns, *slopes = slopes_ + i * keys.columns;
    for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
      auto weight = vec::exp(d, hn::Sub(hn::LoadU(d, weights + j), shift));
      if (!visible.everything()) weight = hn::IfThenElseZero(visible.lanes(first_query + i, j), weight);
      const auto slope = hn::LoadU(d, slopes + j);
      const auto kept_slope = drops ? mask_.apply<T>(slope, inverse, i, j) : slope;
      hn::StoreU(hn::Mul(weight, hn::Sub(kept_slope, delta)), d, slopes + j);
      hn::StoreU(drops ? mask_.apply<T>(weight, inverse, i, j) : weight, d, weights + j);
    }
  }

  int64_t row_, sums_;
  Tensor memory_;
  T *dq_, *q_, *dy_;                 // [queries, row]
  T *dk_, *dv_, *k_, *v_;            // [keys, row]
  T *k_transposed_, *v_transposed_;  // [row, columns]
  T *weights_, *slopes_;             // [kQueryBlock, columns]
  T* delta_;                         // [queries]
  DropoutMask mask_;
};

template <class T, class Args>
Problem<T> problem(const Args& args, int64_t b, int64_t h) {
  const int64_t keys = args.k.size(2);
  const bool* mask = args.key_mask.defined() ? args.key_mask.template data<bool>() + b * keys : nullptr;
  const int64_t first_visible = mask ? std::find(mask, mask + keys, true) - mask : 0;
  return {b, h, args.q.size(2), keys, args.q.size(3), mask, args.options, first_visible};
}

/// Operations on one head, for chunk_for_cost.
template <class Args>
int64_t cost_of_head(const Args& args) {
  return args.q.size(2) * args.k.size(2) * (args.q.size(3) + kExponentialCost);
}

void forward(const AttentionForward& args) {
  const int64_t per_sample = args.q.size(1), queries = args.q.size(2);
  const int64_t parts = (queries + kQueriesPerTask - 1) / kQueriesPerTask;
  dispatch_floating("attention", args.q.dtype(), [&]<class E>(std::type_identity<E>) {
    cpu::parallel_for(args.q.size(0) * per_sample * parts, cpu::chunk_for_cost(cost_of_head(args)),
                      [&](int64_t first, int64_t last) {
                        ForwardTask<E> task(args.k.size(2), args.q.size(3));
                        for (int64_t i = first; i < last; ++i) {
                          const int64_t head = i / parts, begin = i % parts * kQueriesPerTask;
                          task.run(args, problem<Compute<E>>(args, head / per_sample, head % per_sample), begin,
                                   std::min(begin + kQueriesPerTask, queries));
                        }
                      });
  });
}

void backward(const AttentionBackward& args) {
  const int64_t per_sample = args.q.size(1);
  dispatch_floating("attention", args.q.dtype(), [&]<class E>(std::type_identity<E>) {
    cpu::parallel_for(args.q.size(0) * per_sample, cpu::chunk_for_cost(cost_of_head(args)),
                      [&](int64_t first, int64_t last) {
                        BackwardTask<E> task(args.q.size(2), args.k.size(2), args.q.size(3));
                        for (int64_t head = first; head < last; ++head)
                          task.run(args, problem<Compute<E>>(args, head / per_sample, head % per_sample));
                      });
  });
}

}  // namespace

void AttentionForwardCpu(const AttentionForward& args) { forward(args); }
void AttentionBackwardCpu(const AttentionBackward& args) { backward(args); }

}  // namespace triad::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace triad::ops {
namespace {

HWY_EXPORT(AttentionForwardCpu);
HWY_EXPORT(AttentionBackwardCpu);

void forward_cpu(const AttentionForward& args) { HWY_DYNAMIC_DISPATCH(AttentionForwardCpu)(args); }
void backward_cpu(const AttentionBackward& args) { HWY_DYNAMIC_DISPATCH(AttentionBackwardCpu)(args); }

const RegisterKernel registered_forward(attention_forward, DeviceType::cpu, &forward_cpu);
const RegisterKernel registered_backward(attention_backward, DeviceType::cpu, &backward_cpu);

}  // namespace
}  // namespace triad::ops
#endif
