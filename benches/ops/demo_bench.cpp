// The ops that training on the built-in data set spends its time in, in the shapes of configs/demo.yaml: batches of 64, 64
// tokens a picture, some 16 tokens a sentence, 75 steps a clip.
#include "benches/harness/sample_bench.h"
#include "triad/ops/attention/attention.h"
#include "triad/ops/conv/conv2d.h"
#include "triad/ops/matmul/linear.h"
#include "triad/ops/norm/layer_norm.h"
#include "triad/ops/recurrent/lstm.h"

namespace triad::bench {
namespace {

using ops::Sample;
using ops::Tensors;
using Inputs = std::span<const Tensor>;

constexpr double kFloat = 4;  // bytes

double numbers(const Tensors& tensors) {
  double sum = 0;
  for (const Tensor& t : tensors) sum += t.defined() ? static_cast<double>(t.numel()) : 0;
  return sum;
}

/// `output`: shape of what comes out.
void add(const std::string& name, Tensors inputs, ops::TensorFunction run, const Shape& output, double flops) {
  const double bytes = kFloat * (numbers(inputs) + static_cast<double>(output.numel()));
  register_sample("demo/" + name, Sample{.label = name,
                                         .inputs = std::move(inputs),
                                         .run = std::move(run),
                                         .reference = {},
                                         .flops = flops,
                                         .min_bytes = bytes});
}

const bool registered = [] {
  ops::SampleMaker make(1);
  const auto t = [&](const Shape& shape) { return make.normal(shape, 0.1); };

  const auto product = [&](const std::string& name, int64_t rows, int64_t in, int64_t out) {
    add(
        "linear " + name, {t({rows, in}), t({out, in}), t({out})},
        [](Inputs x) -> Tensors { return {ops::linear(x[0], x[1], x[2])}; }, {rows, out},
        2.0 * static_cast<double>(rows * in * out));
  };
  product("picture, feed-forward", 64 * 64, 128, 512);
  product("picture, query key value", 64 * 64, 128, 384);
  product("sentence, feed-forward", 64 * 16, 128, 512);

  const auto attention = [&](const std::string& name, int64_t queries, int64_t keys) {
    const Shape q{64, 4, queries, 32}, kv{64, 4, keys, 32};
    add(
        "attention " + name, {t(q), t(kv), t(kv)},
        [](Inputs x) -> Tensors { return {ops::attention(x[0], x[1], x[2])}; }, q,
        4.0 * static_cast<double>(q.numel() * keys));
  };
  attention("picture", 64, 64);
  attention("sentence to picture", 16, 64);

  add(
      "layer_norm picture", {t({64 * 64, 128}), t({128}), t({128})},
      [](Inputs x) -> Tensors { return {ops::layer_norm(x[0], x[1], x[2])}; }, {64 * 64, 128}, 8.0 * 64 * 64 * 128);

  add(
      "lstm clip", {t({64, 75, 128}), t({512, 128}), t({512, 128}), t({512}), t({512})},
      [](Inputs x) -> Tensors { return {ops::lstm(x[0], {}, x[1], x[2], x[3], x[4]).y}; }, {64, 75, 128},
      2.0 * 64 * 75 * 2 * 512 * 128);

  const auto convolution = [&](const std::string& name, int64_t in, int64_t out, int64_t side) {
    const Shape y{64, out, side / 2, side / 2};
    add(
        "conv2d " + name, {t({64, in, side, side}), t({out, in, 3, 3})},
        [](Inputs x) -> Tensors { return {ops::conv2d(x[0], x[1], {}, {.stride = {2, 2}, .padding = {1, 1}})}; }, y,
        2.0 * static_cast<double>(y.numel() * in * 9));
  };
  convolution("stem, first", 3, 32, 64);
  convolution("stem, second", 32, 64, 32);
  convolution("stem, third", 64, 96, 16);
  return true;
}();

}  // namespace
}  // namespace triad::bench
