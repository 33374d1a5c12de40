// Multi-head attention as modules.                                                        [arXiv:1706.03762, section 3.2]
// Axes: B batch, T positions of the queries, S positions of the memory, C width.
#pragma once

#include "triad/nn/layers/linear.h"
#include "triad/nn/module.h"

namespace triad::nn {

/// Positions attend to positions of the same sequence.
class SelfAttention : public Module {
 public:
  /// ShapeError unless `heads` divides `width`.
  /// `output_stddev`: of the initial weights of the output, `initial_stddev`: of the others.
  SelfAttention(int64_t width, int64_t heads, double dropout, double initial_stddev, double output_stddev,
                RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, C], key_mask: bool [B, T] or undefined, true where a position may be seen → [B, T, C].
  Tensor forward(const Tensor& x_BTC, const Tensor& key_mask_BT, const Context& context) const;

  Linear query_key_value;  ///< [3C, C]: rows of the query first, then key, then value
  Linear output;

 private:
  int64_t heads_;
  double dropout_;
};

/// What cross-attention reads: P sequences of S positions each.
struct Memory {
  Tensor values_PSC;
  Tensor mask_PS = {};  ///< bool, true where a position may be seen; undefined: everywhere
  Tensor rows_B = {};   ///< i64: which of them each sequence of queries reads; undefined: its own, P = B
};

/// Positions of one sequence attend to another one, the memory. Keys and values are made once for each sequence of the
/// memory, however many read it.
class CrossAttention : public Module {
 public:
  CrossAttention(int64_t width, int64_t memory_width, int64_t heads, double dropout, double initial_stddev,
                 double output_stddev, RandomKey key);

  void visit(const Visitor& visitor) override;
  /// x: [B, T, C], memory of width memory_width → [B, T, C].
  Tensor forward(const Tensor& x_BTC, const Memory& memory, const Context& context) const;
  /// Where forward() looks: attention_weights() of its queries and keys, [B, heads, T, S].
  Tensor weights(const Tensor& x_BTC, const Memory& memory) const;

  Linear query, key_value, output;

 private:
  struct Projected {
    Tensor keys_BHSD, values_BHSD, mask_BS;
  };
  Projected project(const Memory& memory) const;

  int64_t heads_;
  double dropout_;
};

/// The weights by which ops::attention averages the values, without dropout: softmax(q k^T / sqrt(D)), 0 for keys that are
/// masked. They fill a matrix that attention itself never makes: for looking at some samples, not for training.
/// q: [B, H, T, D], k: [B, H, S, D], key_mask: bool [B, S] or undefined → [B, H, T, S] in the dtype of q.
Tensor attention_weights(const Tensor& q_BHTD, const Tensor& k_BHSD, const Tensor& key_mask_BS);

/// ShapeError naming `where` unless `heads` divides `width`.
void check_heads(std::string_view where, int64_t width, int64_t heads);
/// [B, T, C] → [B, heads, T, C / heads], a view.
Tensor split_heads(const Tensor& x_BTC, int64_t heads);
/// [B, heads, T, D] → [B, T, heads * D].
Tensor join_heads(const Tensor& x_BHTD);

}  // namespace triad::nn
