#include "triad/ops/loss/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "triad/autograd/node.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<CrossEntropyForward> cross_entropy_forward{"cross_entropy"};
constinit KernelTable<CrossEntropyBackward> cross_entropy_backward{"cross_entropy backward"};

namespace {

void check_arguments(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& options) {
  constexpr std::string_view op = "cross_entropy";
  check_floating(op, "logits", logits);
  require<ShapeError>(logits.rank() > 0, op, "logits is a scalar, expected [..., classes]");
  require<DTypeError>(targets.dtype() == DType::i64, op, "targets is ", targets.dtype(), ", expected i64 labels");
  Shape rows = logits.shape();
  rows.pop_back();
  require<ShapeError>(targets.shape() == rows, op, "targets has shape ", targets.shape(), ", expected ", rows,
                      " to match logits ", logits.shape(), " without the classes");
  check_same_device(op, "targets", targets, logits);
  require<ValueError>(options.label_smoothing >= 0 && options.label_smoothing <= 1, op, "label_smoothing is ",
                      options.label_smoothing, ", expected 0 to 1");
}

}  // namespace

Tensor cross_entropy(const Tensor& logits_in, const Tensor& targets_in, const CrossEntropyOptions& options) {
  check_arguments(logits_in, targets_in, options);
  const Tensor logits = contiguous(logits_in.detach()), targets = contiguous(targets_in);
  const Shape rows = targets.shape();
  Tensor lse = empty(rows, DType::f64, logits.device()), count = empty({}, DType::f64, logits.device());
  Tensor loss =
      empty(options.reduction == Reduction::none ? rows : Shape{}, accumulation_dtype(logits.dtype()), logits.device());
  cross_entropy_forward(logits.device(), {logits, targets, options, loss, lse, count});
  return record("cross_entropy", {logits_in, targets_in}, loss, {logits, targets, lse, count},
                [options](const Backward& b) -> Gradients {
                  Tensor dlogits = empty_like(b.saved(0));
                  cross_entropy_backward(dlogits.device(), {b.saved(0), b.saved(1), options, b.saved(2), b.saved(3),
                                                            contiguous(b.dy()), dlogits});
                  return {dlogits, {}};
                });
}

namespace {

/// The definition: minus the log-probabilities, weighted by the smoothed target.
Tensors naive(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& o) {
  const auto classes = static_cast<size_t>(logits.size(-1));
  const std::vector<double> x = logits.to_vector<double>();
  const std::vector<int64_t> labels = targets.to_vector<int64_t>();
  std::vector<double> losses;
  double total = 0, count = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    losses.push_back(0);
    if (labels[row] == o.ignore_index) continue;
    const double* values = x.data() + row * classes;
    const double largest = *std::max_element(values, values + classes);
    double sum = 0, loss = 0;
    for (size_t c = 0; c < classes; ++c) sum += std::exp(values[c] - largest);
    for (size_t c = 0; c < classes; ++c) {
      const double hit = static_cast<int64_t>(c) == labels[row] ? 1 - o.label_smoothing : 0;
      const double weight = hit + o.label_smoothing / static_cast<double>(classes);
      if (weight != 0) loss += weight * (largest + std::log(sum) - values[c]);
    }
    losses.back() = loss;
    total += loss;
    ++count;
  }
  if (o.reduction == Reduction::none) return {from_values(losses, targets.shape())};
  if (o.reduction == Reduction::mean) total /= std::max(count, 1.0);
  return {from_values({total}, {})};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "cross_entropy", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  const auto sample = [](std::string label, Tensor logits, Tensor targets, CrossEntropyOptions options) {
    const double n = static_cast<double>(logits.numel());
    return Sample{
        .label = std::move(label),
        .inputs = {std::move(logits), std::move(targets)},
        .run = [options](std::span<const Tensor> in) -> Tensors { return {cross_entropy(in[0], in[1], options)}; },
        .reference = [options](std::span<const Tensor> in) { return naive(in[0], in[1], options); },
        .flops = 12 * n,
        .min_bytes = 4 * n,
        .backward_flops = 12 * n,
        .backward_min_bytes = 8 * n};
  };
  spec.samples = [sample](SampleMaker& make) {
    std::vector<Sample> samples;
    const auto add = [&](std::string label, Tensor logits, Tensor targets, CrossEntropyOptions options = {},
                         bool check_gradient = true) {
      samples.push_back(sample(std::move(label), std::move(logits), std::move(targets), options));
      samples.back().check_gradient = check_gradient;
    };
    const auto labels = [&](const Shape& shape, int64_t classes, int64_t ignored_every) {
      Tensor t = make.indices(shape, classes);
      int64_t* data = t.mutable_data<int64_t>();
      for (int64_t i = 0; i < t.numel(); i += ignored_every) data[i] = -100;
      return t;
    };
    constexpr double kInf = std::numeric_limits<double>::infinity();
    add("mean", make.normal({7, 10}, 2), make.indices({7}, 10));
    add("sum, three axes", make.normal({2, 3, 33}, 2), make.indices({2, 3}, 33), {.reduction = Reduction::sum});
    add("each, some ignored", make.normal({9, 5}), labels({9}, 5, 3), {.reduction = Reduction::none});
    add("mean, some ignored", make.normal({9, 5}), labels({9}, 5, 2));
    add("smoothed", make.normal({4, 21}), make.indices({4}, 21), {.label_smoothing = 0.1});
    add("smoothed, sum, some ignored", make.normal({6, 4}), labels({6}, 4, 3),
        {.label_smoothing = 0.3, .reduction = Reduction::sum});
    add("fully smoothed", make.normal({4, 3}), make.indices({4}, 3), {.label_smoothing = 1});
    add("another ignore index", make.normal({4, 3}), from_values<int64_t>({0, 1, 2, 1}, {4}), {.ignore_index = 1});
    add("one row", make.normal({12}), make.indices({}, 12));
    add("one class", make.normal({3, 1}), make.indices({3}, 1));
    add("all ignored: 0, not NaN", make.normal({3, 4}), labels({3}, 4, 1));
    add("no rows", make.normal({0, 4}), make.indices({0}, 4));
    add("many classes and rows", make.normal({40, 1003}, 3), labels({40}, 1003, 5));
    add("mean 1e4: differences too coarse", make.normal({20, 30}, 2, 1e4), make.indices({20}, 30),
        {.reduction = Reduction::sum}, false);
    add("mean -1e4, smoothed: differences too coarse", make.normal({4, 30}, 2, -1e4), make.indices({4}, 30),
        {.label_smoothing = 0.1}, false);
    add("wide range", make.normal({4, 30}, 200), make.indices({4}, 30), {.reduction = Reduction::none}, false);
    add("equal logits", full({3, 17}, 2.5, DType::f64), make.indices({3}, 17));
    add("classes of -inf, an impossible label, +inf, NaN, NaN in an ignored row",
        from_values({1.0, -kInf, 2.0, -kInf, 1.0, 2.0, kInf, 1.0, 2.0, 1.0, std::nan(""), 2.0, std::nan(""), kInf, 1.0},
                    {5, 3}),
        from_values<int64_t>({0, 0, 1, 0, -100}, {5}), {.reduction = Reduction::none}, false);
    return samples;
  };
  for (const auto& [suite, rows, words] : {std::tuple{"text-mini", 480, 8192}, {"text-base", 60, 30522}}) {
    spec.workloads.push_back({suite, str("masked words ", rows, " of ", words), [=](SampleMaker& make) {
                                return sample("", make.normal({rows, words}), make.indices({rows}, words), {});
                              }});
  }
  spec.errors = [] {
    const auto call = [](const Shape& logits, std::initializer_list<int64_t> targets, const Shape& shape,
                         CrossEntropyOptions options = {}) {
      cross_entropy(zeros(logits), from_values(targets, shape), options);
    };
    return std::vector<ErrorSample>{
        {"label too large", [=] { call({2, 2, 10}, {3, -100, 12, 1}, {2, 2}); },
         "cross_entropy: label 12 at [1, 0] of targets, expected 0 to 9 or the ignore_index -100"},
        {"negative label", [=] { call({2, 10}, {3, -1}, {2}); },
         "cross_entropy: label -1 at [1] of targets, expected 0 to 9 or the ignore_index -100"},
        {"no classes", [=] { call({1, 0}, {0}, {1}); },
         "cross_entropy: label 0 at [0] of targets, but logits [1, 0] has no classes"},
        {"shape", [=] { call({2, 10}, {3}, {1}); },
         "cross_entropy: targets has shape [1], expected [2] to match logits [2, 10] without the classes"},
        {"dtype", [] { cross_entropy(zeros({2, 3}), zeros({2})); },
         "cross_entropy: targets is f32, expected i64 labels"},
        {"smoothing", [=] { call({1, 3}, {0}, {1}, {.label_smoothing = 1.5}); },
         "cross_entropy: label_smoothing is 1.5, expected 0 to 1"},
        {"scalar", [] { cross_entropy(zeros({}), zeros({}, DType::i64)); },
         "cross_entropy: logits is a scalar, expected [..., classes]"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
