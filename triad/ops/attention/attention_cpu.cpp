// Attention in blocks of queries and keys that stay in the L2 cache. Arithmetic is in f32 (f64 for f64), but for the products
// of bf16 where the processor has dot products of pairs: weights and slopes are rounded to bf16 for these.
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

#include "triad/core/cpu/parallel.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/attention/attention_block-inl.h"
#include "triad/ops/attention/attention_operand-inl.h"

HWY_BEFORE_NAMESPACE();
namespace triad::ops::HWY_NAMESPACE {
namespace {

constexpr int64_t kQueriesPerTask = 8 * kQueryBlock;  // of the forward pass; they share the transposed keys

/// Memory of one task, handed out piece by piece.
class Workspace {
 public:
  explicit Workspace(int64_t bytes) : memory_(empty({bytes}, DType::u8)) {}

  template <class T>
  T* take(int64_t count) {
    T* piece = reinterpret_cast<T*>(memory_.mutable_data<uint8_t>() + used_);
    used_ += size_of<T>(count);
    return piece;
  }
  /// Bytes that take() uses: whole lines of the cache.
  template <class T>
  static constexpr int64_t size_of(int64_t count) {
    return (count * static_cast<int64_t>(sizeof(T)) + 63) / 64 * 64;
  }

 private:
  Tensor memory_;
  int64_t used_ = 0;
};

/// Rows first..first+count of a head as [padded(count), words(padded(D))]; the padding is 0.
template <class Math, class E>
void load_rows(const Heads<const E>& from, int64_t b, int64_t h, int64_t first, int64_t count, int64_t width,
               typename Math::Word* to) {
  const int64_t row = words<Math>(padded(width));
  if (padded(width) != width) std::fill_n(to, count * row, 0);
  for (int64_t t = 0; t < count; ++t) Math::load_row(from.at(b, h, first + t), width, to + t * row);
  std::fill(to + count * row, to + padded(count) * row, 0);
}

/// Rows of hidden keys are zeroed, so that NaN in them cannot reach a sum as 0 * NaN.
template <class W>
void clear_hidden_rows(W* rows, int64_t row, int64_t count, const bool* key_mask) {
  if (!key_mask) return;
  for (int64_t t = 0; t < count; ++t) {
    if (!key_mask[t]) std::fill(rows + t * row, rows + (t + 1) * row, W(0));
  }
}

/// [rows, columns] words → [columns, rows].
template <class W>
void transpose_words(const W* from, int64_t rows, int64_t columns, W* to) {
  using T = std::conditional_t<sizeof(W) == 4, float, double>;
  cpu::HWY_NAMESPACE::transpose(reinterpret_cast<const T*>(from), columns, rows, columns, reinterpret_cast<T*>(to),
                                rows);
}

/// Where the rows of all heads lie. Addresses to write to are taken once, before tasks run side by side: taking one counts
/// as a write in the tensor's version.
template <class E>
struct ForwardHeads {
  explicit ForwardHeads(const AttentionForward& args)
      : q(heads<E>(args.q)),
        k(heads<E>(args.k)),
        v(heads<E>(args.v)),
        y(heads<E>(args.y)),
        lse(per_query(args.lse.mutable_data<Compute<E>>(), args.q)) {}
  Heads<const E> q, k, v;
  Heads<E> y;
  Heads<Compute<E>> lse;
};
template <class E>
struct BackwardHeads {
  explicit BackwardHeads(const AttentionBackward& args)
      : q(heads<E>(args.q)),
        k(heads<E>(args.k)),
        v(heads<E>(args.v)),
        y(heads<E>(args.y)),
        dy(heads<E>(args.dy)),
        dq(heads<E>(args.dq)),
        dk(heads<E>(args.dk)),
        dv(heads<E>(args.dv)),
        lse(per_query(args.lse.data<Compute<E>>(), args.q)) {}
  Heads<const E> q, k, v, y, dy;
  Heads<E> dq, dk, dv;
  Heads<const Compute<E>> lse;
};

/// The part of a head's forward pass that one task does: some queries against all keys.
template <class E, class Math>
class ForwardTask {
  using T = Compute<E>;
  using Word = typename Math::Word;

 public:
  ForwardTask(const ForwardHeads<E>& of, int64_t keys, int64_t width)
      : of_(of),
        row_(padded(width)),
        row_words_(words<Math>(row_)),
        workspace_(bytes(padded(keys))),
        out_(workspace_.take<T>(kQueryBlock * row_)),
        products_(workspace_.take<T>(kQueryBlock * kKeyBlock)),
        q_(workspace_.take<Word>(kQueryBlock * row_words_)),
        loaded_(workspace_.take<Word>(kKeyBlock * row_words_)),
        k_transposed_(workspace_.take<Word>(padded(keys) * row_words_)),
        v_(workspace_.take<Word>(padded(keys) * row_words_)),
        weights_(workspace_.take<Word>(words<Math>(kQueryBlock * kKeyBlock))) {}

  void run(const Problem<T>& p, int64_t first_query, int64_t end_query) {
    for (int64_t first = 0; first < p.key_end(end_query - 1); first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      load_rows<Math>(of_.k, p.b, p.h, first, keys.count, p.width, loaded_);
      transpose_words(loaded_, keys.columns, row_words_, k_transposed_ + first * row_words_);
      Word* v = v_ + first * row_words_;
      Word* rows = Math::kElements == 1 ? v : loaded_;  // of single elements they are what the product reads
      load_rows<Math>(of_.v, p.b, p.h, first, keys.count, p.width, rows);
      clear_hidden_rows(rows, row_words_, keys.count, p.key_mask ? p.key_mask + first : nullptr);
      Math::right(rows, keys.columns, row_, v);
    }
    for (int64_t first = first_query; first < end_query; first += kQueryBlock)
      run_block(p, first, std::min(kQueryBlock, end_query - first));
  }

 private:
  int64_t bytes(int64_t keys) const {
    using S = Workspace;
    return S::size_of<T>(kQueryBlock * row_) + S::size_of<T>(kQueryBlock * kKeyBlock) +
           S::size_of<Word>(kQueryBlock * row_words_) + S::size_of<Word>(kKeyBlock * row_words_) +
           2 * S::size_of<Word>(keys * row_words_) + S::size_of<Word>(words<Math>(kQueryBlock * kKeyBlock));
  }

  void run_block(const Problem<T>& p, int64_t first_query, int64_t queries) {
    constexpr T kMinusInf = -std::numeric_limits<T>::infinity();
    const bool drops = p.options.dropout > 0;
    const T scale = static_cast<T>(p.options.scale), inverse_kept = static_cast<T>(1 / (1 - p.options.dropout));
    T maximum[kQueryBlock], total[kQueryBlock] = {};
    std::fill_n(maximum, kQueryBlock, kMinusInf);
    load_rows<Math>(of_.q, p.b, p.h, first_query, queries, p.width, q_);
    std::fill_n(out_, queries * row_, T(0));
    for (int64_t first = 0; first < p.key_end(first_query + queries - 1); first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      const Visible<T> visible(p, keys);
      Math::multiply({q_, row_words_, 1}, k_transposed_ + first * row_words_, keys.columns, products_, keys.columns,
                     queries, words<Math>(p.width), keys.columns, false);
      if (drops) mask_.draw(p, first_query, queries, keys);
      for (int64_t i = 0; i < queries; ++i) {
        T* row = products_ + i * keys.columns;
        const T next = std::max(maximum[i], scale * visible_maximum(row, first_query + i, keys, visible));
        const T shrink = maximum[i] == kMinusInf ? T(0) : std::exp(maximum[i] - next);
        total[i] = total[i] * shrink + exponentiate(row, scale, shift_for(next), first_query + i, i, keys, visible,
                                                    drops ? &mask_ : nullptr, inverse_kept);
        maximum[i] = next;
        if (first > 0) scale_row(out_ + i * row_, row_, shrink);
      }
      Math::multiply(Math::left(products_, queries, keys.columns, weights_), v_ + first * row_words_, row_, out_, row_,
                     queries, words<Math>(keys.count), row_, true);
    }
    T* lse = of_.lse.at(p.b, p.h, first_query);
    for (int64_t i = 0; i < queries; ++i) {
      const bool sees = p.sees_any(first_query + i);
      lse[i] = sees ? maximum[i] + std::log(total[i]) : kMinusInf;
      if (sees) scale_row(out_ + i * row_, row_, T(1) / total[i]);
      else std::fill_n(out_ + i * row_, row_, T(0));
    }
    store_rows(out_, queries, p.width, [&](int64_t t) { return of_.y.at(p.b, p.h, first_query + t); });
  }

  const ForwardHeads<E>& of_;
  int64_t row_, row_words_;
  Workspace workspace_;
  T *out_, *products_;  // [kQueryBlock, row], [kQueryBlock, columns]
  Word *q_, *loaded_;   // [kQueryBlock, row_words], [kKeyBlock, row_words]
  Word* k_transposed_;  // of each block of keys [row_words, columns]
  Word* v_;             // of each block of keys [words(columns), row]
  Word* weights_;
  DropoutMask mask_;
};

/// Of whole heads.
template <class E, class Math>
class BackwardTask {
  using T = Compute<E>;
  using Word = typename Math::Word;

 public:
  BackwardTask(const BackwardHeads<E>& of, int64_t queries, int64_t keys, int64_t width)
      : of_(of),
        row_(padded(width)),
        row_words_(words<Math>(row_)),
        workspace_(bytes(padded(queries), padded(keys))),
        dq_(workspace_.take<T>(padded(queries) * row_)),
        dk_(workspace_.take<T>(padded(keys) * row_)),
        dv_(workspace_.take<T>(padded(keys) * row_)),
        weights_(workspace_.take<T>(kQueryBlock * kKeyBlock)),
        slopes_(workspace_.take<T>(kQueryBlock * kKeyBlock)),
        delta_(workspace_.take<T>(padded(queries))),
        q_(workspace_.take<Word>(padded(queries) * row_words_)),
        dy_(workspace_.take<Word>(padded(queries) * row_words_)),
        k_(workspace_.take<Word>(padded(keys) * row_words_)),
        v_(workspace_.take<Word>(padded(keys) * row_words_)),
        k_transposed_(workspace_.take<Word>(kKeyBlock * row_words_)),
        v_transposed_(workspace_.take<Word>(kKeyBlock * row_words_)),
        right_(workspace_.take<Word>(kKeyBlock * row_words_)),
        left_(workspace_.take<Word>(words<Math>(kQueryBlock * kKeyBlock))) {}

  void run(const Problem<T>& p) {
    std::fill_n(dq_, p.queries * row_, T(0));
    std::fill_n(dk_, p.keys * row_, T(0));
    std::fill_n(dv_, p.keys * row_, T(0));
    load_rows<Math>(of_.q, p.b, p.h, 0, p.queries, p.width, q_);
    load_rows<Math>(of_.dy, p.b, p.h, 0, p.queries, p.width, dy_);
    load_rows<Math>(of_.k, p.b, p.h, 0, p.keys, p.width, k_);
    load_rows<Math>(of_.v, p.b, p.h, 0, p.keys, p.width, v_);
    clear_hidden_rows(k_, row_words_, p.keys, p.key_mask);
    clear_hidden_rows(v_, row_words_, p.keys, p.key_mask);
    load_delta(p);
    for (int64_t first = 0; first < p.keys; first += kKeyBlock) {
      const KeyBlock keys(first, p.keys);
      const Visible<T> visible(p, keys);
      transpose_words(k_ + first * row_words_, keys.columns, row_words_, k_transposed_);
      transpose_words(v_ + first * row_words_, keys.columns, row_words_, v_transposed_);
      const int64_t start = p.options.causal ? first / kQueryBlock * kQueryBlock : 0;
      for (int64_t query = start; query < p.queries; query += kQueryBlock)
        run_block(p, query, std::min(kQueryBlock, p.queries - query), keys, visible);
    }
    const T scale = static_cast<T>(p.options.scale);
    scale_row(dq_, p.queries * row_, scale);
    scale_row(dk_, p.keys * row_, scale);
    // The 0 of a hidden weight times the NaN of another query or cotangent is NaN.
    clear_hidden_rows(dk_, row_, p.keys, p.key_mask);
    clear_hidden_rows(dv_, row_, p.keys, p.key_mask);
    store_rows(dq_, p.queries, p.width, [&](int64_t t) { return of_.dq.at(p.b, p.h, t); });
    store_rows(dk_, p.keys, p.width, [&](int64_t t) { return of_.dk.at(p.b, p.h, t); });
    store_rows(dv_, p.keys, p.width, [&](int64_t t) { return of_.dv.at(p.b, p.h, t); });
  }

 private:
  int64_t bytes(int64_t queries, int64_t keys) const {
    using S = Workspace;
    return S::size_of<T>(queries * row_) + 2 * S::size_of<T>(keys * row_) + 2 * S::size_of<T>(kQueryBlock * kKeyBlock) +
           S::size_of<T>(queries) + 2 * S::size_of<Word>(queries * row_words_) +
           2 * S::size_of<Word>(keys * row_words_) + 3 * S::size_of<Word>(kKeyBlock * row_words_) +
           S::size_of<Word>(words<Math>(kQueryBlock * kKeyBlock));
  }

  /// delta = rowsum(dy * y).
  void load_delta(const Problem<T>& p) {
    const vec::Tag<T> d;
    for (int64_t i = 0; i < p.queries; ++i) {
      const E *y_row = of_.y.at(p.b, p.h, i), *dy_row = of_.dy.at(p.b, p.h, i);
      auto sum = hn::Zero(d);
      vec::for_each_vector<T>(
          p.width, [&](auto part, int64_t c) { sum = hn::MulAdd(part.load(y_row + c), part.load(dy_row + c), sum); });
      delta_[i] = vec::sum_of_lanes<T>(sum);
    }
  }

  void run_block(const Problem<T>& p, int64_t first, int64_t queries, const KeyBlock& keys, const Visible<T>& visible) {
    const Word *q = q_ + first * row_words_, *dy = dy_ + first * row_words_, *k = k_ + keys.first * row_words_;
    const int64_t columns = keys.columns, width = words<Math>(p.width), query_rows = padded(queries);
    Math::multiply({q, row_words_, 1}, k_transposed_, columns, weights_, columns, queries, width, columns, false);
    Math::multiply({dy, row_words_, 1}, v_transposed_, columns, slopes_, columns, queries, width, columns, false);
    if (p.options.dropout > 0) mask_.draw(p, first, queries, keys);
    const T* lse = of_.lse.at(p.b, p.h, first);
    for (int64_t i = 0; i < queries; ++i) differentiate_row(p, first, i, lse[i], keys, visible);
    // dQ and dK get their factor `scale` at the end.
    Math::multiply(Math::left_transposed(weights_, queries, columns, left_), Math::right(dy, query_rows, row_, right_),
                   row_, dv_ + keys.first * row_, row_, keys.count, words<Math>(queries), row_, true);
    Math::multiply(Math::left_transposed(slopes_, queries, columns, left_), Math::right(q, query_rows, row_, right_),
                   row_, dk_ + keys.first * row_, row_, keys.count, words<Math>(queries), row_, true);
    Math::multiply(Math::left(slopes_, queries, columns, left_), Math::right(k, columns, row_, right_), row_,
                   dq_ + first * row_, row_, queries, words<Math>(keys.count), row_, true);
  }

  /// Of query i of a block: products q k become dropped weights, and derivatives by these become derivatives by the scores.
  HWY_INLINE void differentiate_row(const Problem<T>& p, int64_t first_query, int64_t i, T lse, const KeyBlock& keys,
                                    const Visible<T>& visible) {
    const vec::Tag<T> d;
    const auto scale = hn::Set(d, static_cast<T>(p.options.scale));
    const auto shift = hn::Set(d, lse), delta = hn::Set(d, delta_[first_query + i]);
    const auto inverse = hn::Set(d, static_cast<T>(1 / (1 - p.options.dropout)));
    const bool drops = p.options.dropout > 0;
    T *weights = weights_ + i * keys.columns, *slopes = slopes_ + i * keys.columns;
    for (int64_t j = 0; j < keys.columns; j += static_cast<int64_t>(hn::Lanes(d))) {
      auto weight = vec::exp(d, hn::MulSub(hn::LoadU(d, weights + j), scale, shift));
      if (!visible.everything()) weight = hn::IfThenElseZero(visible.lanes(first_query + i, j), weight);
      const auto slope = hn::LoadU(d, slopes + j);
      const auto kept_slope = drops ? mask_.apply<T>(slope, inverse, i, j) : slope;
      hn::StoreU(hn::Mul(weight, hn::Sub(kept_slope, delta)), d, slopes + j);
      hn::StoreU(drops ? mask_.apply<T>(weight, inverse, i, j) : weight, d, weights + j);
    }
  }

  const BackwardHeads<E>& of_;
  int64_t row_, row_words_;
  Workspace workspace_;
  T *dq_, *dk_, *dv_;                   // [queries or keys, row]
  T *weights_, *slopes_, *delta_;       // [kQueryBlock, columns], [queries]
  Word *q_, *dy_, *k_, *v_;             // [queries or keys, row_words]
  Word *k_transposed_, *v_transposed_;  // [row_words, columns]
  Word *right_, *left_;
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

/// Calls run(type E, type Math) for how elements of `dtype` are stored and multiplied.
template <class F>
void dispatch(DType dtype, const F& run) {
  if (dtype == DType::bf16 && HWY_TARGET == HWY_AVX3 && cpu::has_bf16_pairs())
    return run(std::type_identity<BFloat16>(), std::type_identity<Pairs>());
  dispatch_floating("attention", dtype,
                    [&]<class E>(std::type_identity<E> type) { run(type, std::type_identity<Plain<Compute<E>>>()); });
}

void forward(const AttentionForward& args) {
  const int64_t per_sample = args.q.size(1), queries = args.q.size(2);
  const int64_t parts = (queries + kQueriesPerTask - 1) / kQueriesPerTask;
  dispatch(args.q.dtype(), [&]<class E, class Math>(std::type_identity<E>, std::type_identity<Math>) {
    const ForwardHeads<E> of(args);
    cpu::parallel_for(args.q.size(0) * per_sample * parts, cpu::chunk_for_cost(cost_of_head(args)),
                      [&](int64_t first, int64_t last) {
                        ForwardTask<E, Math> task(of, args.k.size(2), args.q.size(3));
                        for (int64_t i = first; i < last; ++i) {
                          const int64_t head = i / parts, begin = i % parts * kQueriesPerTask;
                          task.run(problem<Compute<E>>(args, head / per_sample, head % per_sample), begin,
                                   std::min(begin + kQueriesPerTask, queries));
                        }
                      });
  });
}

void backward(const AttentionBackward& args) {
  const int64_t per_sample = args.q.size(1);
  dispatch(args.q.dtype(), [&]<class E, class Math>(std::type_identity<E>, std::type_identity<Math>) {
    const BackwardHeads<E> of(args);
    cpu::parallel_for(args.q.size(0) * per_sample, cpu::chunk_for_cost(cost_of_head(args)),
                      [&](int64_t first, int64_t last) {
                        BackwardTask<E, Math> task(of, args.q.size(2), args.k.size(2), args.q.size(3));
                        for (int64_t head = first; head < last; ++head)
                          task.run(problem<Compute<E>>(args, head / per_sample, head % per_sample));
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
