// The ops that training on the built-in data set spends its time in, in the shapes of the joint stage of configs/demo.yaml:
// 32 pictures of 16 tokens, 20 questions of some 12 tokens about each, 32 clips of 75 steps.
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
  constexpr int64_t kPictures = 32, kPictureTokens = 16, kQuestions = 20 * kPictures, kQuestionTokens = 12;
  product("picture, query key value", kPictures * kPictureTokens, 128, 384);
  product("question, feed-forward", kQuestions * kQuestionTokens, 128, 256);
  product("question, query key value", kQuestions * kQuestionTokens, 128, 384);

  const auto attention = [&](const std::string& name, int64_t queries, int64_t keys) {
    const Shape q{kQuestions, 4, queries, 32}, kv{kQuestions, 4, keys, 32};
    add(
        "attention " + name, {t(q), t(kv), t(kv)},
        [](Inputs x) -> Tensors { return {ops::attention(x[0], x[1], x[2])}; }, q,
        4.0 * static_cast<double>(q.numel() * keys));
  };
  attention("question", kQuestionTokens, kQuestionTokens);
  attention("question to picture", kQuestionTokens, kPictureTokens);

  add(
      "layer_norm question", {t({kQuestions * kQuestionTokens, 128}), t({128}), t({128})},
      [](Inputs x) -> Tensors { return {ops::layer_norm(x[0], x[1], x[2])}; }, {kQuestions * kQuestionTokens, 128},
      8.0 * kQuestions * kQuestionTokens * 128);

  add(
      "lstm clip", {t({kPictures, 75, 128}), t({512, 128}), t({512, 128}), t({512}), t({512})},
      [](Inputs x) -> Tensors { return {ops::lstm(x[0], {}, x[1], x[2], x[3], x[4]).y}; }, {kPictures, 75, 128},
      2.0 * kPictures * 75 * 2 * 512 * 128);

  const auto convolution = [&](const std::string& name, int64_t in, int64_t out, int64_t side) {
    const Shape y{kPictures, out, side / 2, side / 2};
    add(
        "conv2d " + name, {t({kPictures, in, side, side}), t({out, in, 3, 3})},
        [](Inputs x) -> Tensors { return {ops::conv2d(x[0], x[1], {}, {.stride = {2, 2}, .padding = {1, 1}})}; }, y,
        2.0 * static_cast<double>(y.numel() * in * 9));
  };
  convolution("stem, first", 3, 32, 64);
  convolution("stem, second", 32, 64, 32);
  convolution("stem, third", 64, 128, 16);
  convolution("stem, fourth", 128, 256, 8);
  return true;
}();

}  // namespace
}  // namespace triad::bench
