#include "triad/ops/attention/attention.h"

#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<AttentionForward> attention_forward{"attention"};
constinit KernelTable<AttentionBackward> attention_backward{"attention backward"};

namespace {

Tensor dense_last_axis(const Tensor& t) {
  return t.strides()[3] == 1 || t.size(3) == 1 ? t.detach() : contiguous(t.detach());
}

/// [B, H, T, D] that lies in memory as [B, T, H, D].
Tensor heads_inside(const Shape& s, const Tensor& like) {
  return views::transpose(empty({s[0], s[2], s[1], s[3]}, like.dtype(), like.device()), 1, 2);
}

void check_arguments(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& key_mask,
                     const AttentionOptions& options) {
  constexpr std::string_view op = "attention";
  check_floating(op, "q", q);
  check_rank(op, "q", q, 4);
  check_rank(op, "k", k, 4);
  for (const auto& [name, t] : {std::pair{"k", &k}, std::pair{"v", &v}}) {
    check_same_dtype(op, name, *t, q);
    check_same_device(op, name, *t, q);
  }
  check_shape(op, "k", k, {q.size(0), q.size(1), k.size(2), q.size(3)});
  check_shape(op, "v", v, k.shape());
  if (key_mask.defined()) {
    require<DTypeError>(key_mask.dtype() == DType::boolean, op, "key_mask is ", key_mask.dtype(), ", expected bool",
                        Hint{"true marks the keys that may be seen"});
    check_shape(op, "key_mask", key_mask, {k.size(0), k.size(2)});
    check_same_device(op, "key_mask", key_mask, q);
  }
  require<ValueError>(options.scale >= 0, op, "scale is ", options.scale,
                      ", expected a positive one, or 0 for the usual");
  require<ValueError>(options.dropout >= 0 && options.dropout < 1, op, "dropout is ", options.dropout,
                      ", expected at least 0 and below 1");
  require<ValueError>(options.dropout == 0 ||
                          (q.size(1) <= kMostDropoutHeads && std::max(q.size(2), k.size(2)) <= kMostDropoutPositions),
                      op, "dropout reaches as far as ", kMostDropoutHeads, " heads and ", kMostDropoutPositions,
                      " positions, q has shape ", q.shape(), ", k ", k.shape());
}

}  // namespace

Tensor attention(const Tensor& q_in, const Tensor& k_in, const Tensor& v_in, const Tensor& key_mask_in,
                 const AttentionOptions& options_in) {
  check_arguments(q_in, k_in, v_in, key_mask_in, options_in);
  AttentionOptions options = options_in;
  if (options.scale == 0) options.scale = 1 / std::sqrt(static_cast<double>(std::max<int64_t>(q_in.size(3), 1)));
  const Tensor q = dense_last_axis(q_in), k = dense_last_axis(k_in), v = dense_last_axis(v_in);
  const Tensor key_mask = key_mask_in.defined() ? contiguous(key_mask_in) : Tensor();
  Tensor y = heads_inside(q.shape(), q);
  Tensor lse = empty({q.size(0), q.size(1), q.size(2)}, accumulation_dtype(q.dtype()), q.device());
  attention_forward(q.device(), {q, k, v, key_mask, options, y, lse});
  return record(
      "attention", {q_in, k_in, v_in}, y, {q, k, v, key_mask, y, lse}, [options](const Backward& b) -> Gradients {
        const Tensor &q_saved = b.saved(0), &k_saved = b.saved(1), &v_saved = b.saved(2);
        const Tensor dy = dense_last_axis(b.dy());
        Tensor dq = heads_inside(q_saved.shape(), q_saved), dk = heads_inside(k_saved.shape(), k_saved);
        Tensor dv = heads_inside(v_saved.shape(), v_saved);
        attention_backward(dy.device(),
                           {q_saved, k_saved, v_saved, b.saved(3), options, b.saved(4), b.saved(5), dy, dq, dk, dv});
        return {dq, dk, dv};
      });
}

namespace {

/// The definition, in f64: all scores, softmax, weights dropped one by one, weighted sum.
Tensors naive(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& key_mask, const AttentionOptions& o) {
  const int64_t B = q.size(0), H = q.size(1), Q = q.size(2), D = q.size(3), K = k.size(2);
  const double scale = o.scale != 0 ? o.scale : 1 / std::sqrt(static_cast<double>(D));
  const auto qs = q.to_vector<double>(), ks = k.to_vector<double>(), vs = v.to_vector<double>();
  const auto mask =
      key_mask.defined() ? key_mask.to_vector<uint8_t>() : std::vector<uint8_t>(static_cast<size_t>(B * K), 1);
  std::vector<double> y(qs.size());
  const auto threshold = static_cast<uint32_t>(std::ldexp(o.dropout, 32));
  for (int64_t row = 0; row < B * H * Q; ++row) {
    const int64_t b = row / (H * Q), h = row / Q % H, i = row % Q;
    const auto sees = [&](int64_t j) { return mask[static_cast<size_t>(b * K + j)] && (!o.causal || j <= i); };
    std::vector<double> weights(static_cast<size_t>(K));
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (int64_t j = 0; j < K; ++j) {
      double& score = weights[static_cast<size_t>(j)];
      for (int64_t d = 0; d < D; ++d)
        score += scale * qs[static_cast<size_t>(row * D + d)] * ks[static_cast<size_t>(((b * H + h) * K + j) * D + d)];
      if (sees(j)) largest = std::max(largest, score);
    }
    for (int64_t j = 0; j < K; ++j) {
      double& weight = weights[static_cast<size_t>(j)];
      total += weight = sees(j) ? std::exp(weight - largest) : 0;
    }
    for (int64_t j = 0; j < K; ++j) {
      double weight = weights[static_cast<size_t>(j)];
      if (!sees(j)) continue;
      const uint32_t bits =
          o.key.block(attention_dropout_block(h, i, j), static_cast<uint32_t>(b))[static_cast<size_t>(j % 4)];
      weight = o.dropout > 0 && bits < threshold ? 0 : weight / total / (1 - o.dropout);
      for (int64_t d = 0; d < D; ++d)
        y[static_cast<size_t>(row * D + d)] += weight * vs[static_cast<size_t>(((b * H + h) * K + j) * D + d)];
    }
  }
  return {from_values(y, q.shape())};
}

Sample attention_sample(std::string label, Tensor q, Tensor k, Tensor v, Tensor key_mask, AttentionOptions options) {
  const double pairs = static_cast<double>(q.numel()) * static_cast<double>(k.size(2));
  const int64_t queries = q.numel(), keys = k.numel() + v.numel();
  return {.label = std::move(label),
          .inputs = {std::move(q), std::move(k), std::move(v), std::move(key_mask)},
          .run = [options](std::span<const Tensor> in) -> Tensors {
            return {attention(in[0], in[1], in[2], in[3], options)};
          },
          .reference = [options](std::span<const Tensor> in) { return naive(in[0], in[1], in[2], in[3], options); },
          .flops = 4 * pairs,
          .min_bytes = 4.0 * static_cast<double>(2 * queries + keys),
          .backward_flops = 10 * pairs,
          .backward_min_bytes = 4.0 * static_cast<double>(3 * queries + 2 * keys)};
}

struct AttentionSizes {
  int64_t batch, heads, queries, keys, width;
};

Workload attention_workload(std::string suite, const AttentionSizes& n, bool padded, double dropout) {
  return {.suite = std::move(suite),
          .place = str(n.batch, "x", n.heads, "x", n.queries, "x", n.width, " of ", n.keys, padded ? ", padded" : "",
                       dropout > 0 ? ", dropout" : ""),
          .make =
              [=](SampleMaker& make) {
                const Shape keys{n.batch, n.heads, n.keys, n.width};
                Tensor mask;
                if (padded) {
                  mask = full({n.batch, n.keys}, 1, DType::boolean);
                  for (int64_t b = 1; b < n.batch; ++b)  // half of the positions are the fewest that a sample has
                    for (int64_t t = n.keys - b * n.keys / (2 * n.batch); t < n.keys; ++t)
                      mask.mutable_data<bool>()[b * n.keys + t] = false;
                }
                return attention_sample("", make.normal({n.batch, n.heads, n.queries, n.width}), make.normal(keys),
                                        make.normal(keys), mask, {.dropout = dropout, .key = {.seed = 1}});
              },
          .attributes = {{"dropout", dropout}}};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "attention", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    const auto t = [&](int64_t b, int64_t h, int64_t n, int64_t d) { return make.normal({b, h, n, d}); };
    std::vector<Sample> samples;
    samples.push_back(attention_sample("small", t(2, 2, 3, 4), t(2, 2, 3, 4), t(2, 2, 3, 4), {}, {}));
    samples.push_back(
        attention_sample("unequal lengths, odd width", t(1, 3, 5, 7), t(1, 3, 9, 7), t(1, 3, 9, 7), {}, {}));
    samples.push_back(attention_sample("causal", t(1, 2, 6, 5), t(1, 2, 6, 5), t(1, 2, 6, 5), {}, {.causal = true}));
    samples.push_back(attention_sample("causal, more queries than keys", t(1, 1, 7, 3), t(1, 1, 4, 3), t(1, 1, 4, 3),
                                       {}, {.causal = true}));
    samples.push_back(attention_sample(
        "key mask with a sample that sees nothing", t(3, 2, 4, 6), t(3, 2, 5, 6), t(3, 2, 5, 6),
        from_values({true, true, false, true, false, false, false, false, false, false, true, true, true, true, true},
                    {3, 5}),
        {}));
    samples.push_back(attention_sample("scale given", t(1, 1, 3, 8), t(1, 1, 3, 8), t(1, 1, 3, 8), {}, {.scale = 0.3}));
    samples.push_back(attention_sample("several blocks", t(1, 2, 70, 33), t(1, 2, 150, 33), t(1, 2, 150, 33),
                                       make.mask({1, 150}, 0.8), {}));
    samples.push_back(attention_sample("several blocks, causal", t(1, 1, 140, 64), t(1, 1, 140, 64), t(1, 1, 140, 64),
                                       {}, {.causal = true}));
    samples.push_back(attention_sample("dropout", t(2, 2, 5, 4), t(2, 2, 6, 4), t(2, 2, 6, 4), {},
                                       {.dropout = 0.4, .key = {.seed = 5, .step = 2, .site = 9, .sample = 3}}));
    samples.push_back(attention_sample("dropout over several blocks", t(1, 1, 67, 16), t(1, 1, 131, 16),
                                       t(1, 1, 131, 16), {}, {.dropout = 0.25, .key = {.seed = 1}}));
    samples.push_back(
        attention_sample("more queries than a task", t(1, 1, 530, 3), t(1, 1, 5, 3), t(1, 1, 5, 3), {}, {}));
    samples.push_back(attention_sample("large scores", make.normal({1, 1, 4, 8}, 12), make.normal({1, 1, 9, 8}, 12),
                                       t(1, 1, 9, 8), {}, {}));
    samples.back().check_gradient = false;  // softmax is nearly one-hot: differences cancel
    samples.back().cancelling_terms = 1;
    const auto with_nan = [](Tensor x, int64_t at) {
      x.mutable_data<double>()[at] = std::nan("");
      return x;
    };
    samples.push_back(
        attention_sample("a query of NaN", with_nan(t(1, 2, 5, 4), 9), t(1, 2, 150, 4), t(1, 2, 150, 4), {}, {}));
    samples.back().check_gradient = false;
    samples.push_back(attention_sample("a key of NaN in the second block", t(1, 2, 5, 4),
                                       with_nan(t(1, 2, 150, 4), 560), t(1, 2, 150, 4), {}, {}));
    samples.back().check_gradient = false;
    const Tensor second_hidden = from_values({true, false, true, true}, {1, 4});
    samples.push_back(attention_sample("NaN behind the mask", t(1, 1, 3, 4), with_nan(t(1, 1, 4, 4), 7),
                                       with_nan(t(1, 1, 4, 4), 5), second_hidden, {}));
    samples.push_back(attention_sample("NaN behind the mask and in a query", with_nan(t(1, 1, 3, 4), 2),
                                       with_nan(t(1, 1, 4, 4), 7), with_nan(t(1, 1, 4, 4), 5), second_hidden, {}));
    samples.back().check_gradient = false;
    samples.push_back(attention_sample("no query", t(2, 1, 0, 4), t(2, 1, 3, 4), t(2, 1, 3, 4), {}, {}));
    samples.push_back(attention_sample("no key", t(2, 1, 3, 4), t(2, 1, 0, 4), t(2, 1, 0, 4), {}, {}));
    return samples;
  };
  for (const double dropout : {0.0, 0.1}) {
    spec.workloads.push_back(attention_workload("text-mini", {32, 4, 128, 128, 64}, true, dropout));
    spec.workloads.push_back(attention_workload("text-base", {4, 12, 128, 128, 64}, true, dropout));
    spec.workloads.push_back(attention_workload("image-6x192", {64, 3, 64, 64, 64}, false, dropout));
    spec.workloads.push_back(attention_workload("vit-b16", {4, 12, 196, 196, 64}, false, dropout));
  }
  spec.workloads.push_back(attention_workload("demo", {640, 4, 12, 12, 32}, true, 0));
  spec.workloads.push_back(attention_workload("demo", {640, 4, 12, 16, 32}, false, 0));
  spec.errors = [] {
    return std::vector<ErrorSample>{
        {"width", [] { attention(zeros({1, 1, 2, 4}), zeros({1, 1, 2, 3}), zeros({1, 1, 2, 3})); },
         "attention: k has shape [1, 1, 2, 3], expected [1, 1, 2, 4]"},
        {"mask dtype", [] { attention(zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), zeros({1, 2})); },
         "attention: key_mask is f32, expected bool\n  hint: true marks the keys that may be seen"},
        {"scale", [] { attention(zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), {}, {.scale = -1}); },
         "attention: scale is -1, expected a positive one, or 0 for the usual"},
        {"dropout",
         [] { attention(zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), zeros({1, 1, 2, 4}), {}, {.dropout = 1}); },
         "attention: dropout is 1, expected at least 0 and below 1"},
        {"dropout too far",
         [] { attention(zeros({1, 1, 1, 1}), zeros({1, 1, 8193, 1}), zeros({1, 1, 8193, 1}), {}, {.dropout = 0.5}); },
         "attention: dropout reaches as far as 256 heads and 8192 positions, q has shape [1, 1, 1, 1], k "
         "[1, 1, 8193, 1]"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
