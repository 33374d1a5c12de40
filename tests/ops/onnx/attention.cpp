#include "triad/ops/attention/attention.h"

#include <cmath>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/pad.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/softmax.h"

namespace triad::onnx {
namespace {

/// [B, T, H*D] as [B, H, T, D].
Tensor heads_of(const Tensor& x, int64_t heads) {
  return ops::permute(ops::reshape(x, {x.size(0), x.size(1), heads, -1}), {0, 2, 1, 3});
}

Tensor joined_heads(const Tensor& x) { return ops::reshape(ops::permute(x, {0, 2, 1, 3}), {x.size(0), x.size(2), -1}); }

/// Each head of keys or values for the group of query heads that share it.
Tensor shared_heads(const Tensor& x, int64_t heads) {
  const int64_t group = heads / x.size(1);
  const Tensor wide = ops::expand(ops::unsqueeze(x, 2), {x.size(0), x.size(1), group, x.size(2), x.size(3)});
  return ops::reshape(wide, {x.size(0), heads, x.size(2), x.size(3)});
}

/// Bias of the scores: 0 where a key is seen, -inf where not, plus the mask of the case. Undefined if all is seen.
Tensor score_bias(const NodeCase& c, DType dtype, int64_t queries, int64_t keys, int64_t past) {
  const Tensor lowest = full({}, -HUGE_VAL, dtype), zero = zeros({}, dtype);
  Tensor bias;
  const auto combine = [&](const Tensor& more) { bias = bias.defined() ? bias + more : more; };
  const Tensor key = counting(keys);
  const bool cut = c.has(6);
  const Tensor length = cut ? ops::reshape(c.in(6), {-1, 1, 1, 1}) : Tensor();
  if (cut) combine(ops::where(ops::less(key, length), zero, lowest));
  if (c.flag("is_causal", false)) {
    const Tensor query = ops::reshape(counting(queries), {queries, 1});
    const Tensor last = cut ? query + (length - static_cast<double>(queries)) : query + static_cast<double>(past);
    combine(ops::where(ops::less_equal(key, last), zero, lowest));
  }
  if (c.has(3)) {
    Tensor mask = c.in(3);
    mask = mask.dtype() == DType::boolean ? ops::where(mask, zero, lowest) : ops::cast(mask, dtype);
    if (mask.size(-1) < keys) {  // keys a short mask does not speak of are not seen
      std::vector<std::array<int64_t, 2>> behind(static_cast<size_t>(mask.rank()));
      behind.back() = {0, keys - mask.size(-1)};
      mask = ops::pad(mask, behind, -HUGE_VAL);
    }
    combine(mask);
  }
  return bias;
}

/// softmax along the last axis, 0 where nothing is seen.
Tensor softmax_or_zero(const Tensor& scores) {
  const Tensor blind = ops::equal(ops::max(scores, {-1}, true), scalar_like(scores, -HUGE_VAL));
  return ops::where(blind, scalar_like(scores, 0), ops::softmax(scores));
}

Tensors attention(const NodeCase& c) {
  const bool flat = c.in(0).rank() == 3;
  const int64_t q_heads = c.integer("q_num_heads", 0), kv_heads = c.integer("kv_num_heads", 0);
  const Tensor q = flat ? heads_of(c.in(0), q_heads) : c.in(0);
  Tensor k = flat ? heads_of(c.in(1), kv_heads) : c.in(1), v = flat ? heads_of(c.in(2), kv_heads) : c.in(2);
  const int64_t past = c.has(4) ? c.in(4).size(2) : 0;
  if (c.has(4)) k = ops::concat({c.in(4), k}, 2);
  if (c.has(5)) v = ops::concat({c.in(5), v}, 2);
  const Tensor present_k = k, present_v = v;
  k = shared_heads(k, q.size(1));
  v = shared_heads(v, q.size(1));
  c.ignore("softmax_precision");  // f32 is ours
  const double scale = c.number("scale", 1 / std::sqrt(static_cast<double>(q.size(3)))), cap = c.number("softcap", 0);

  const bool causal = c.flag("is_causal", false);
  const bool plain = cap == 0 && !c.has(3) && !c.wants_output(3) && v.size(3) == q.size(3);
  if (plain && !(causal && (past > 0 || c.has(6)))) {  // what the fused op computes
    const Tensor seen = c.has(6) ? ops::less(counting(k.size(2)), ops::reshape(c.in(6), {-1, 1})) : Tensor();
    const Tensor y = ops::attention(q, k, v, seen, {.scale = scale, .causal = causal});
    c.ignore("qk_matmul_output_mode");
    return {flat ? joined_heads(y) : y, present_k, present_v};
  }
  const int64_t mode = c.integer("qk_matmul_output_mode", 0);
  const Tensor bias = score_bias(c, accumulation_dtype(q.dtype()), q.size(2), k.size(2), past);
  const Tensor raw = ops::cast(ops::matmul(q * scale, ops::transpose(k, -1, -2)), accumulation_dtype(q.dtype()));
  const Tensor capped = cap == 0 ? raw : ops::tanh(raw / cap) * cap;
  const Tensor biased = bias.defined() ? capped + bias : capped;
  const Tensor weights = softmax_or_zero(biased);
  const Tensor y = ops::matmul(ops::cast(weights, v.dtype()), v);
  const Tensor stages[] = {raw, capped, biased, weights};
  return {flat ? joined_heads(y) : y, present_k, present_v, ops::cast(stages[mode], q.dtype())};
}

Tensors rotary_embedding(const NodeCase& c) {
  const bool flat = c.in(0).rank() == 3;
  const Tensor x = flat ? heads_of(c.in(0), c.integer("num_heads", 0)) : c.in(0);  // [B, H, T, D]
  if (!flat) c.ignore("num_heads");
  const int64_t rotated = c.integer("rotary_embedding_dim", 0) ? c.integer("rotary_embedding_dim", 0) : x.size(3);
  const auto angles = [&](size_t i) {  // [B, 1, T, rotated/2]
    return ops::unsqueeze(c.has(3) ? ops::index_select(c.in(i), 0, c.in(3)) : c.in(i), 1);
  };
  const Tensor cosine = angles(1), sine = angles(2);
  const bool interleaved = c.flag("interleaved", false);
  const int64_t half = rotated / 2, step = interleaved ? 2 : 1;
  const Tensor a = ops::slice(x, 3, 0, interleaved ? rotated : half, step);
  const Tensor b = ops::slice(x, 3, interleaved ? 1 : half, rotated, step);
  const Tensor first = a * cosine - b * sine, second = a * sine + b * cosine;
  const Tensor turned =
      interleaved ? ops::flatten(ops::stack({first, second}, -1), -2, -1) : ops::concat({first, second}, 3);
  const Tensor y = ops::concat({turned, ops::slice(x, 3, rotated, x.size(3))}, 3);
  return {flat ? joined_heads(y) : y};
}

}  // namespace

void add_attention(OperatorTable& table) {
  table["Attention"] = attention;
  table["RotaryEmbedding"] = rotary_embedding;
}

}  // namespace triad::onnx
