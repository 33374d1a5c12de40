#include "triad/ops/contrastive/info_nce.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/elementwise/where.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/op_spec.h"
#include "triad/ops/shape/reshape.h"
#include "triad/ops/softmax/logsumexp.h"

namespace triad::ops {

constinit KernelTable<InfoNceRows> info_nce_rows{"info_nce"};
constinit KernelTable<InfoNceRowsBackward> info_nce_rows_backward{"info_nce backward"};

namespace {

void check(const Tensor& a, const Tensor& b, const Tensor& ids_a, const Tensor& ids_b, const Tensor& log_scale) {
  constexpr std::string_view kOp = "info_nce";
  require<DTypeError>(a.dtype() == DType::f32 || a.dtype() == DType::f64, kOp, "a is ", a.dtype(),
                      ", expected f32 or f64", Hint{"normalise and compare embeddings in f32"});
  check_rank(kOp, "a", a, 2);
  check_shape(kOp, "b", b, {b.rank() > 0 ? b.size(0) : 0, a.size(1)});
  check_shape(kOp, "ids_a", ids_a, {a.size(0)});
  check_shape(kOp, "ids_b", ids_b, {b.size(0)});
  check_shape(kOp, "log_scale", log_scale, {});
  check_same_dtype(kOp, "b", b, a);
  check_same_dtype(kOp, "log_scale", log_scale, a);
  check_same_device(kOp, "b", b, a);
  for (const Tensor* ids : {&ids_a, &ids_b}) {
    require<DTypeError>(ids->dtype() == DType::i64, kOp, ids == &ids_a ? "ids_a" : "ids_b", " is ", ids->dtype(),
                        ", expected i64");
    check_same_device(kOp, ids == &ids_a ? "ids_a" : "ids_b", *ids, a);
  }
}

/// The anchors of one side after the forward pass.
struct Anchors {
  Tensor lse, count;
  double loss;    ///< mean over the anchors with positives
  double weight;  ///< of the term of such an anchor in the loss of both sides
};

Anchors rows(const Tensor& x, const Tensor& y, const Tensor& ids_x, const Tensor& ids_y, double scale) {
  Anchors anchors{empty({x.size(0)}, x.dtype(), x.device()), empty({x.size(0)}, DType::i64, x.device()), 0, 0};
  Tensor positive = empty({x.size(0)}, x.dtype(), x.device());
  info_nce_rows(x.device(), {x, y, ids_x, ids_y, scale, anchors.lse, positive, anchors.count});
  const std::vector<double> lse = anchors.lse.to_vector<double>(), sum = positive.to_vector<double>();
  const std::vector<int64_t> count = anchors.count.to_vector<int64_t>();
  double terms = 0;
  for (size_t i = 0; i < count.size(); ++i) {
    if (count[i] == 0) continue;
    anchors.loss += lse[i] - sum[i] / static_cast<double>(count[i]);
    ++terms;
  }
  if (terms > 0) anchors.loss /= terms, anchors.weight = 0.5 / terms;
  return anchors;
}

/// weight for anchors that have positives, 0 for the others.
Tensor anchor_weights(const Tensor& count, double weight, const Tensor& like) {
  const std::vector<int64_t> counts = count.to_vector<int64_t>();
  std::vector<double> weights;
  for (const int64_t c : counts) weights.push_back(c > 0 ? weight : 0);
  return clone_as(from_values(weights, count.shape()), like.dtype());
}

Gradients gradients(const Backward& g, double scale, double weight_a, double weight_b) {
  const Tensor &a = g.saved(0), &b = g.saved(1), &ids_a = g.saved(2), &ids_b = g.saved(3);
  const double dy = g.dy().item();
  const Tensor weights_a = anchor_weights(g.saved(5), weight_a * dy, a),
               weights_b = anchor_weights(g.saved(7), weight_b * dy, a);
  const InfoNceSide side_a{g.saved(4), g.saved(5), weights_a}, side_b{g.saved(6), g.saved(7), weights_b};
  Tensor da, db, dlog_scale;
  if (g.needs(0) || g.needs(2)) {
    da = empty_like(a);
    Tensor by_row = empty({a.size(0)}, a.dtype(), a.device());
    info_nce_rows_backward(a.device(), {a, b, ids_a, ids_b, scale, side_a, side_b, da, by_row});
    dlog_scale = sum(by_row);
  }
  if (g.needs(1)) {
    db = empty_like(b);
    Tensor by_row = empty({b.size(0)}, b.dtype(), b.device());
    info_nce_rows_backward(b.device(), {b, a, ids_b, ids_a, scale, side_b, side_a, db, by_row});
  }
  return {da, db, dlog_scale};
}

}  // namespace

Tensor info_nce(const Tensor& a_in, const Tensor& b_in, const Tensor& ids_a_in, const Tensor& ids_b_in,
                const Tensor& log_scale) {
  check(a_in, b_in, ids_a_in, ids_b_in, log_scale);
  const Tensor a = triad::contiguous(a_in.detach()), b = triad::contiguous(b_in.detach());
  const Tensor ids_a = triad::contiguous(ids_a_in), ids_b = triad::contiguous(ids_b_in);
  const double scale = std::exp(log_scale.item());
  const Anchors side_a = rows(a, b, ids_a, ids_b, scale), side_b = rows(b, a, ids_b, ids_a, scale);
  const Tensor y = full({}, (side_a.loss + side_b.loss) / 2, a.dtype(), a.device());
  const Tensor inputs[] = {a_in, b_in, log_scale};
  const Tensor saved[] = {a, b, ids_a, ids_b, side_a.lse, side_a.count, side_b.lse, side_b.count};
  return record("info_nce", inputs, {y}, saved,
                [scale, weight_a = side_a.weight, weight_b = side_b.weight](const Backward& g) {
                  return gradients(g, scale, weight_a, weight_b);
                })[0];
}

namespace {

/// The definition with the whole score matrix, from the other ops.
Tensor dense(const Tensor& a, const Tensor& b, const Tensor& ids_a, const Tensor& ids_b, const Tensor& log_scale) {
  const int64_t n = a.size(0), m = b.size(0), d = a.size(1);
  const Tensor products = reshape(a, {n, 1, d}) * reshape(b, {1, m, d});
  const Tensor s = sum(products, {2}) * exp(log_scale);
  const Tensor match = equal(reshape(ids_a, {n, 1}), reshape(ids_b, {1, m}));
  Tensor loss = zeros({}, a.dtype());
  for (const int64_t axis : {1, 0}) {
    const Tensor count = sum(match, {axis});
    const std::vector<int64_t> counts = count.to_vector<int64_t>();
    double anchors = 0;
    std::vector<double> inverse;
    for (const int64_t c : counts) {
      anchors += c > 0;
      inverse.push_back(c > 0 ? 1 / static_cast<double>(c) : 0);
    }
    if (anchors == 0) continue;
    const Tensor has = greater(count, zeros({}, DType::i64)), none = zeros({}, a.dtype());
    const Tensor lse = logsumexp(s, {axis});
    const Tensor positive = sum(where(match, s, none), {axis}) * from_values(inverse, {count.size(0)});
    loss = loss + sum(where(has, lse - positive, none)) / (2 * anchors);
  }
  return loss;
}

OpSpec make_spec() {
  OpSpec spec{.name = "info_nce", .dtypes = {DType::f32, DType::f64}, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample_of = [](SampleMaker& make, std::string label, int64_t n, int64_t m, int64_t d, Tensor ids_a,
                            Tensor ids_b, double log_scale, bool check_gradient) {
    Sample s{
        .label = std::move(label),
        .inputs = {make.normal({n, d}, 0.3), make.normal({m, d}, 0.3), ids_a, ids_b, full({}, log_scale, DType::f64)}};
    s.run = [](std::span<const Tensor> in) -> Tensors { return {info_nce(in[0], in[1], in[2], in[3], in[4])}; };
    s.reference = [](std::span<const Tensor> in) -> Tensors { return {dense(in[0], in[1], in[2], in[3], in[4])}; };
    s.check_gradient = check_gradient;
    s.flops = static_cast<double>(4 * n * m * d);
    s.min_bytes = static_cast<double>(4 * (n + m) * d);
    s.backward_flops = 2 * s.flops;
    s.backward_min_bytes = 2 * s.min_bytes;
    s.tolerance = 1e-6;
    return s;
  };
  const auto range = [](int64_t n, int64_t first = 0) {
    std::vector<int64_t> ids;
    for (int64_t i = 0; i < n; ++i) ids.push_back(first + i);
    return from_values(ids, {n});
  };
  spec.is_product = true;
  spec.samples = [sample_of, range](SampleMaker& make) {
    const auto sample = [&](std::string label, int64_t n, int64_t m, int64_t d, Tensor ids_a, Tensor ids_b,
                            double log_scale, bool check_gradient = true) {
      return sample_of(make, std::move(label), n, m, d, ids_a, ids_b, log_scale, check_gradient);
    };
    Sample large =
        sample("scores beyond what exp holds in f32", 40, 50, 24, range(40), range(50), std::log(200.0), false);
    large.tolerance = 2e-5;  // a score of 200 is rounded to 1e-5, and exp hands that on
    Sample nan = sample("a row of NaN without a positive", 5, 4, 6, range(5), range(4), 0.5);
    nan.inputs[0].mutable_data<double>()[4 * 6 + 2] = std::nan("");
    return std::vector<Sample>{
        sample("pairs", 7, 7, 12, range(7), range(7), 1.0),
        sample("several positives", 9, 9, 5, make.indices({9}, 3), make.indices({9}, 3), 0.5),
        sample("different counts, anchors without positives", 5, 8, 6, range(5), range(8, 2), 0.7),
        sample("one pair", 1, 1, 4, range(1), range(1), 0.0),
        sample("no positives at all", 3, 2, 4, range(3), range(2, 10), 0.3),
        sample("more than a tile", 150, 133, 33, make.indices({150}, 60), make.indices({133}, 60), 1.5, false),
        sample("no rows", 0, 0, 4, range(0), range(0), 0.0, false),
        large,
        nan};
  };
  for (const int64_t pairs : {64, 4096}) {
    spec.workloads.push_back({"align", str(pairs, " pairs of 128"), [=](SampleMaker& make) {
                                return sample_of(make, "", pairs, pairs, 128, range(pairs), range(pairs), 1, true);
                              }});
  }
  spec.errors = [] {
    const Tensor ids = zeros({3}, DType::i64), scale = zeros({});
    return std::vector<ErrorSample>{
        {"width", [=] { info_nce(zeros({3, 4}), zeros({3, 5}), ids, ids, scale); },
         "info_nce: b has shape [3, 5], expected [3, 4]"},
        {"ids", [=] { info_nce(zeros({3, 4}), zeros({3, 4}), ids, zeros({2}, DType::i64), scale); },
         "info_nce: ids_b has shape [2], expected [3]"},
        {"ids dtype", [=] { info_nce(zeros({3, 4}), zeros({3, 4}), zeros({3}), ids, scale); },
         "info_nce: ids_a is f32, expected i64"},
        {"bf16", [=] { info_nce(zeros({3, 4}, DType::bf16), zeros({3, 4}, DType::bf16), ids, ids, scale); },
         "info_nce: a is bf16, expected f32 or f64\n  hint: normalise and compare embeddings in f32"}};
  };
  return spec;
}

const RegisterOp registered(&make_spec);

}  // namespace
}  // namespace triad::ops
