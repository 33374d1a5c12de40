#include "triad/ops/contrastive/info_nce.h"

#include <algorithm>
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

/// How many rows of `others` are positives of each anchor: i64 [N].
Tensor positives_of(const Tensor& anchors, const Tensor& others) {
  std::vector<int64_t> ids = others.to_vector<int64_t>(), counts = anchors.to_vector<int64_t>();
  std::ranges::sort(ids);
  for (int64_t& count : counts) {
    const auto alike = std::ranges::equal_range(ids, count);
    count = std::ranges::ssize(alike);
  }
  return from_values(counts, anchors.shape(), anchors.device());
}

/// One side after the forward pass.
struct Anchors {
  Tensor lse, count;  ///< of the own anchors
  Tensor all_count;   ///< of those of all ranks
  double loss = 0;    ///< sum over the own ones with positives, divided by how many all ranks have of them
  double weight = 0;  ///< of the term of such an anchor in the loss of both sides
};

Anchors anchors_of(const ContrastRows& x, const ContrastRows& y, double scale) {
  const Device device = x.own.device();
  Anchors anchors{.lse = empty({x.own.size(0)}, x.own.dtype(), device),
                  .count = empty({x.own.size(0)}, DType::i64, device),
                  .all_count = positives_of(x.all_ids, y.all_ids)};
  Tensor positive = empty({x.own.size(0)}, x.own.dtype(), device);
  info_nce_rows(device, {x.own, y.all, x.own_ids, y.all_ids, scale, anchors.lse, positive, anchors.count});
  const std::vector<double> lse = anchors.lse.to_vector<double>(), sum = positive.to_vector<double>();
  const std::vector<int64_t> count = anchors.count.to_vector<int64_t>();
  for (size_t i = 0; i < count.size(); ++i) {
    if (count[i] > 0) anchors.loss += lse[i] - sum[i] / static_cast<double>(count[i]);
  }
  const auto terms = static_cast<double>(
      std::ranges::count_if(anchors.all_count.to_vector<int64_t>(), [](int64_t positives) { return positives > 0; }));
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

/// What the derivative keeps of one side: rows, ids, log-sum-exps and numbers of positives, its own and those of all.
enum Saved : size_t { own, own_ids, all, all_ids, own_lse, own_count, all_lse, all_count, per_side };

void save_side(const ContrastRows& x, const Anchors& anchors, const Tensor& all_lse, std::vector<Tensor>& saved) {
  for (const Tensor& t : {x.own, x.own_ids, x.all, x.all_ids, anchors.lse, anchors.count, all_lse, anchors.all_count})
    saved.push_back(t);
}

Gradients gradients(const Backward& g, double scale, double weight_a, double weight_b) {
  const double dy = g.dy().item();
  const auto saved = [&](size_t side, Saved what) -> const Tensor& { return g.saved(side * per_side + what); };
  const double weights[] = {weight_a * dy, weight_b * dy};
  // Of the own rows of side x by all rows of side y, and by the scale, row by row.
  const auto differentiate = [&](size_t x, size_t y, Tensor& by_row) {
    const Tensor &rows = saved(x, own), &others = saved(y, all);
    const Tensor own_weights = anchor_weights(saved(x, own_count), weights[x], rows),
                 all_weights = anchor_weights(saved(y, all_count), weights[y], rows);
    Tensor gradient = empty_like(rows);
    by_row = empty({rows.size(0)}, rows.dtype(), rows.device());
    info_nce_rows_backward(rows.device(), {rows,
                                           others,
                                           saved(x, own_ids),
                                           saved(y, all_ids),
                                           scale,
                                           {saved(x, own_lse), saved(x, own_count), own_weights},
                                           {saved(y, all_lse), saved(y, all_count), all_weights},
                                           gradient,
                                           by_row});
    return gradient;
  };
  Tensor da, db, dlog_scale, by_row;
  if (g.needs(0) || g.needs(2)) {
    da = differentiate(0, 1, by_row);
    dlog_scale = sum(by_row);
  }
  if (g.needs(1)) db = differentiate(1, 0, by_row);
  return {da, db, dlog_scale};
}

ContrastRows prepared(const ContrastRows& x) {
  return {triad::contiguous(x.own.detach()), triad::contiguous(x.own_ids), triad::contiguous(x.all.detach()),
          triad::contiguous(x.all_ids)};
}

}  // namespace

Tensor info_nce_part(const ContrastRows& a_in, const ContrastRows& b_in, const Tensor& log_scale,
                     const std::function<Tensor(const Tensor& own)>& gather_a,
                     const std::function<Tensor(const Tensor& own)>& gather_b) {
  check(a_in.own, b_in.own, a_in.own_ids, b_in.own_ids, log_scale);
  check(a_in.all, b_in.all, a_in.all_ids, b_in.all_ids, log_scale);
  const ContrastRows a = prepared(a_in), b = prepared(b_in);
  const double scale = std::exp(log_scale.item());
  const Anchors side_a = anchors_of(a, b, scale), side_b = anchors_of(b, a, scale);
  const Tensor y = full({}, (side_a.loss + side_b.loss) / 2, a.own.dtype(), a.own.device());
  const Tensor inputs[] = {a_in.own, b_in.own, log_scale};
  std::vector<Tensor> saved;
  save_side(a, side_a, gather_a(side_a.lse), saved);
  save_side(b, side_b, gather_b(side_b.lse), saved);
  return record("info_nce", inputs, {y}, saved,
                [scale, weight_a = side_a.weight, weight_b = side_b.weight](const Backward& g) {
                  return gradients(g, scale, weight_a, weight_b);
                })[0];
}

Tensor info_nce(const Tensor& a, const Tensor& b, const Tensor& ids_a, const Tensor& ids_b, const Tensor& log_scale) {
  const auto all = [](const Tensor& own) { return own; };
  return info_nce_part({a, ids_a, a, ids_a}, {b, ids_b, b, ids_b}, log_scale, all, all);
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
