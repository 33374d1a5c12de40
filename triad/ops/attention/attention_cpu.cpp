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
#include "triad/ops/attention/attention.h"
#include "triad/ops/softmax/exponentials-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

constexpr int64_t kQueryBlock = 64;
constexpr int64_t kKeyBlock = 128;
using cpu::HWY_NAMESPACE::multiply;
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

/// Rows first..first+count of a head as [count, padded(D)], times `scale`; the padding is 0.
template <class T, class E>
void load_rows(const Heads<const E>& from, int64_t b, int64_t h, int64_t first, int64_t count, int64_t width, T scale,
               T* to) {
  const int64_t row = padded(width);
  for (int64_t t = 0; t < count; ++t) {
    const E* source = from.at(b, h, first + t);
    for (int64_t i = 0; i < width; ++i) to[t * row + i] = static_cast<T>(source[i]) * scale;
    std::fill(to + t * row + width, to + (t + 1) * row, T(0));
  }
}

/// [count, row] to [row, kKeyBlock]; columns beyond count are 0.
template <class T>
void transpose_block(const T* from, int64_t count, int64_t row, int64_t width, T* to) {
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t t = 0; t < count; ++t) to[i * kKeyBlock + t] = from[t * row + i];
    std::fill(to + i * kKeyBlock + count, to + (i + 1) * kKeyBlock, T(0));
  }
}

template <class T>
void store_rows(const T* from, int64_t count, int64_t width, auto&& destination) {
  for (int64_t t = 0; t < count; ++t) {
    auto* to = destination(t);
    for (int64_t i = 0; i < width; ++i)
      to[i] = static_cast<std::remove_pointer_t<decltype(to)>>(from[t * padded(width) + i]);
  }
}

/// Everything about one (batch, head) that both passes share.
template <class T>
struct Problem {
  int64_t b, h, queries, keys, width;
  const bool* key_mask;  // of this sample, or null
  const AttentionOptions& options;
  int64_t first_visible;  // key, as far as the mask goes; `keys` if there is none

  bool sees(int64_t query, int64_t key) const {
    return key < keys && (!key_mask || key_mask[key]) && (!options.causal || key <= query);
  }
  bool sees_any(int64_t query) const { return first_visible < key_end(query); }
  /// Keys beyond this are hidden from the query, and all before it, by causality.
  int64_t key_end(int64_t query) const { return options.causal ? std::min(keys, query + 1) : keys; }

  /// Sets the scores no query of the block may use to -inf.
  void hide(T* scores, int64_t first_query, int64_t query_count, int64_t first_key) const {
    const int64_t key_count = std::min(kKeyBlock, keys - first_key);
    for (int64_t i = 0; i < query_count; ++i) {
      T* row = scores + i * kKeyBlock;
      if (key_mask || (options.causal && first_key + kKeyBlock > first_query + i)) {
        for (int64_t j = 0; j < key_count; ++j) {
          if (!sees(first_query + i, first_key + j)) row[j] = -std::numeric_limits<T>::infinity();
        }
      }
      std::fill(row + key_count, row + kKeyBlock, -std::numeric_limits<T>::infinity());
    }
  }

  /// weights[i, j] = kept ? weights[i, j] / (1 - p) : 0, by the words documented in attention.h.
  void drop(T* weights, int64_t first_query, int64_t query_count, int64_t first_key) const {
    const auto threshold = static_cast<uint32_t>(std::ldexp(options.dropout, 32));
    const T inverse = static_cast<T>(1 / (1 - options.dropout));
    const int64_t key_words = (keys + 3) / 4 * 4, key_count = std::min(kKeyBlock, keys - first_key);
    for (int64_t i = 0; i < query_count; ++i) {
      const int64_t word = (h * queries + first_query + i) * key_words + first_key;
      for (int64_t j = 0; j < key_count; j += 4) {
        const PhiloxBlock bits = options.key.block(static_cast<uint32_t>((word + j) / 4), static_cast<uint32_t>(b));
        for (int64_t w = 0; w < std::min<int64_t>(4, key_count - j); ++w) {
          T& weight = weights[i * kKeyBlock + j + w];
          weight = bits[static_cast<size_t>(w)] < threshold ? T(0) : weight * inverse;
        }
      }
    }
  }
};

/// row[j] = exp(row[j] - shift); returns the sum. -inf gives exactly 0, even if the shift is NaN.
template <class T>
T exponentiate(T* row, T shift) {
  const vec::Tag<T> d;
  const auto vector_shift = hn::Set(d, shift);
  const auto hidden = hn::Set(d, -std::numeric_limits<T>::infinity());
  auto sum = hn::Zero(d);
  for (int64_t j = 0; j < kKeyBlock; j += static_cast<int64_t>(hn::Lanes(d))) {
    const auto score = hn::LoadU(d, row + j);
    const auto weight = hn::IfThenZeroElse(hn::Eq(score, hidden), vec::exp(d, hn::Sub(score, vector_shift)));
    hn::StoreU(weight, d, row + j);
    sum = hn::Add(sum, weight);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// Rows a block may read although they are masked are zeroed, so that NaN in them cannot reach a sum as 0 * NaN.
template <class T>
void clear_hidden_rows(T* rows, int64_t row, int64_t first_key, int64_t count, const bool* key_mask) {
  if (!key_mask) return;
  for (int64_t t = 0; t < count; ++t) {
    if (!key_mask[first_key + t]) std::fill(rows + t * row, rows + (t + 1) * row, T(0));
  }
}

template <class E>
void forward_block(const AttentionForward& args, const Problem<Compute<E>>& p, int64_t first_query) {
  using T = Compute<E>;
  const int64_t row = padded(p.width), queries = std::min(kQueryBlock, p.queries - first_query);
  constexpr T kMinusInf = -std::numeric_limits<T>::infinity();
  Tensor memory = empty({2 * kQueryBlock * row + 3 * kKeyBlock * row + kQueryBlock * kKeyBlock}, dtype_of<T>);
  T* out = memory.mutable_data<T>();
  std::fill_n(out, kQueryBlock * row, T(0));
  T* q = out + kQueryBlock * row;
  T* k = q + kQueryBlock * row;
  T* k_transposed = k + kKeyBlock * row;
  T* v = k_transposed + kKeyBlock * row;
  T* scores = v + kKeyBlock * row;
  T maximum[kQueryBlock], total[kQueryBlock] = {};
  std::fill_n(maximum, kQueryBlock, kMinusInf);

  load_rows(heads<E>(args.q), p.b, p.h, first_query, queries, p.width, static_cast<T>(p.options.scale), q);
  for (int64_t first_key = 0; first_key < p.key_end(first_query + queries - 1); first_key += kKeyBlock) {
    const int64_t keys = std::min(kKeyBlock, p.keys - first_key);
    load_rows(heads<E>(args.k), p.b, p.h, first_key, keys, p.width, T(1), k);
    load_rows(heads<E>(args.v), p.b, p.h, first_key, keys, p.width, T(1), v);
    clear_hidden_rows(v, row, first_key, keys, p.key_mask);
    transpose_block(k, keys, row, p.width, k_transposed);
    multiply(q, row, 1, k_transposed, kKeyBlock, scores, kKeyBlock, queries, p.width, kKeyBlock, false);
    p.hide(scores, first_query, queries, first_key);
    for (int64_t i = 0; i < queries; ++i) {
      T* s = scores + i * kKeyBlock;
      const T next = std::max(maximum[i], row_maximum(s, kKeyBlock));
      const T shrink = maximum[i] == kMinusInf ? T(0) : std::exp(maximum[i] - next);
      total[i] = total[i] * shrink + exponentiate(s, shift_for(next));
      maximum[i] = next;
      for (int64_t d = 0; d < row; ++d) out[i * row + d] *= shrink;
    }
    if (p.options.dropout > 0) p.drop(scores, first_query, queries, first_key);
    multiply(scores, kKeyBlock, 1, v, row, out, row, queries, keys, row, true);
  }
  T* lse = args.lse.mutable_data<T>() + (p.b * args.q.size(1) + p.h) * p.queries + first_query;
  for (int64_t i = 0; i < queries; ++i) {
    if (!p.sees_any(first_query + i)) {
      std::fill_n(out + i * row, row, T(0));
      lse[i] = kMinusInf;
      continue;
    }
    const T inverse = T(1) / total[i];
    for (int64_t d = 0; d < row; ++d) out[i * row + d] *= inverse;
    lse[i] = maximum[i] + std::log(total[i]);
  }
  const auto y = heads<E>(args.y);
  store_rows(out, queries, p.width, [&](int64_t t) { return y.at(p.b, p.h, first_query + t); });
}

template <class E>
void backward_head(const AttentionBackward& args, const Problem<Compute<E>>& p) {
  using T = Compute<E>;
  const int64_t row = padded(p.width), query_rows = p.queries, key_rows = p.keys;
  const int64_t sums = (query_rows + 2 * key_rows) * row + query_rows;
  Tensor memory = empty({sums + 2 * (query_rows + key_rows) * row + 2 * kKeyBlock * row + 2 * kQueryBlock * kKeyBlock},
                        dtype_of<T>);
  T* dq = memory.mutable_data<T>();
  std::fill_n(dq, sums, T(0));
  T* dk = dq + query_rows * row;
  T* dv = dk + key_rows * row;
  T* delta = dv + key_rows * row;
  T* q = delta + query_rows;
  T* dy = q + query_rows * row;
  T* k = dy + query_rows * row;
  T* v = k + key_rows * row;
  T* k_transposed = v + key_rows * row;
  T* v_transposed = k_transposed + kKeyBlock * row;
  T* weights = v_transposed + kKeyBlock * row;
  T* slopes = weights + kQueryBlock * kKeyBlock;

  const T scale = static_cast<T>(p.options.scale);
  const T* lse = args.lse.data<T>() + (p.b * args.q.size(1) + p.h) * p.queries;
  load_rows(heads<E>(args.q), p.b, p.h, 0, query_rows, p.width, scale, q);
  load_rows(heads<E>(args.dy), p.b, p.h, 0, query_rows, p.width, T(1), dy);
  load_rows(heads<E>(args.k), p.b, p.h, 0, key_rows, p.width, T(1), k);
  load_rows(heads<E>(args.v), p.b, p.h, 0, key_rows, p.width, T(1), v);
  clear_hidden_rows(k, row, 0, key_rows, p.key_mask);
  clear_hidden_rows(v, row, 0, key_rows, p.key_mask);
  const auto y = heads<E>(args.y);
  for (int64_t i = 0; i < query_rows; ++i) {
    const E* y_row = y.at(p.b, p.h, i);
    for (int64_t d = 0; d < p.width; ++d) delta[i] += dy[i * row + d] * static_cast<T>(y_row[d]);
  }

  for (int64_t first_key = 0; first_key < p.keys; first_key += kKeyBlock) {
    const int64_t keys = std::min(kKeyBlock, p.keys - first_key);
    transpose_block(k + first_key * row, keys, row, p.width, k_transposed);
    transpose_block(v + first_key * row, keys, row, p.width, v_transposed);
    const int64_t start = p.options.causal ? first_key / kQueryBlock * kQueryBlock : 0;
    for (int64_t first = start; first < p.queries; first += kQueryBlock) {
      const int64_t queries = std::min(kQueryBlock, p.queries - first);
      multiply(q + first * row, row, 1, k_transposed, kKeyBlock, weights, kKeyBlock, queries, p.width, kKeyBlock,
               false);
      p.hide(weights, first, queries, first_key);
      for (int64_t i = 0; i < queries; ++i) {
        T* w = weights + i * kKeyBlock;
        if (p.sees_any(first + i)) exponentiate(w, lse[first + i]);
        else std::fill_n(w, kKeyBlock, T(0));
      }
      multiply(dy + first * row, row, 1, v_transposed, kKeyBlock, slopes, kKeyBlock, queries, p.width, kKeyBlock,
               false);
      if (p.options.dropout > 0) p.drop(slopes, first, queries, first_key);
      for (int64_t i = 0; i < queries; ++i) {
        for (int64_t j = 0; j < kKeyBlock; ++j)
          slopes[i * kKeyBlock + j] = weights[i * kKeyBlock + j] * (slopes[i * kKeyBlock + j] - delta[first + i]);
      }
      if (p.options.dropout > 0) p.drop(weights, first, queries, first_key);
      // q already carries `scale`, so dK needs no further factor; dQ gets it at the end.
      multiply(weights, 1, kKeyBlock, dy + first * row, row, dv + first_key * row, row, keys, queries, row, true);
      multiply(slopes, 1, kKeyBlock, q + first * row, row, dk + first_key * row, row, keys, queries, row, true);
      multiply(slopes, kKeyBlock, 1, k + first_key * row, row, dq + first * row, row, queries, keys, row, true);
    }
  }
  for (int64_t i = 0; i < query_rows * row; ++i) dq[i] *= scale;
  // The 0 of a hidden weight times the NaN of another query or cotangent is NaN.
  clear_hidden_rows(dk, row, 0, key_rows, p.key_mask);
  clear_hidden_rows(dv, row, 0, key_rows, p.key_mask);
  const auto dq_out = heads<E>(args.dq), dk_out = heads<E>(args.dk), dv_out = heads<E>(args.dv);
  store_rows(dq, query_rows, p.width, [&](int64_t t) { return dq_out.at(p.b, p.h, t); });
  store_rows(dk, key_rows, p.width, [&](int64_t t) { return dk_out.at(p.b, p.h, t); });
  store_rows(dv, key_rows, p.width, [&](int64_t t) { return dv_out.at(p.b, p.h, t); });
}

template <class T, class Args>
Problem<T> problem(const Args& args, int64_t b, int64_t h) {
  const int64_t keys = args.k.size(2);
  const bool* mask = args.key_mask.defined() ? args.key_mask.template data<bool>() + b * keys : nullptr;
  const int64_t first_visible = mask ? std::find(mask, mask + keys, true) - mask : 0;
  return {b, h, args.q.size(2), keys, args.q.size(3), mask, args.options, first_visible};
}

void forward(const AttentionForward& args) {
  const int64_t heads_per_sample = args.q.size(1), blocks = (args.q.size(2) + kQueryBlock - 1) / kQueryBlock;
  dispatch_floating("attention", args.q.dtype(), [&]<class E>(std::type_identity<E>) {
    cpu::parallel_for(args.q.size(0) * heads_per_sample * blocks, 1, [&](int64_t first, int64_t last) {
      for (int64_t task = first; task < last; ++task) {
        const int64_t head = task / blocks;
        forward_block<E>(args, problem<Compute<E>>(args, head / heads_per_sample, head % heads_per_sample),
                         task % blocks * kQueryBlock);
      }
    });
  });
}

void backward(const AttentionBackward& args) {
  const int64_t heads_per_sample = args.q.size(1);
  dispatch_floating("attention", args.q.dtype(), [&]<class E>(std::type_identity<E>) {
    cpu::parallel_for(args.q.size(0) * heads_per_sample, 1, [&](int64_t first, int64_t last) {
      for (int64_t head = first; head < last; ++head)
        backward_head<E>(args, problem<Compute<E>>(args, head / heads_per_sample, head % heads_per_sample));
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
