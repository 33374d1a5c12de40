#include "triad/ops/recurrent/lstm.h"

#include <cmath>

#include "triad/autograd/node.h"
#include "triad/core/tensor/optional_argument.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/registry/op_spec.h"

namespace triad::ops {

constinit KernelTable<LstmForward> lstm_forward{"lstm"};
constinit KernelTable<LstmBackward> lstm_backward{"lstm backward"};

namespace {

void check_arguments(const Tensor& x, const Tensor& lengths, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                     const Tensor& b_hh) {
  constexpr std::string_view op = "lstm";
  check_floating(op, "x", x);
  check_rank(op, "x", x, 3);
  for (const auto& [name, t] : {std::pair{"w_ih", &w_ih}, {"w_hh", &w_hh}, {"b_ih", &b_ih}, {"b_hh", &b_hh}}) {
    if (!t->defined()) continue;
    check_same_dtype(op, name, *t, x);
    check_same_device(op, name, *t, x);
  }
  check_rank(op, "w_hh", w_hh, 2);
  const int64_t hidden = w_hh.size(1);
  check_shape(op, "w_hh", w_hh, {4 * hidden, hidden});
  check_shape(op, "w_ih", w_ih, {4 * hidden, x.size(2)});
  require<ValueError>(b_ih.defined() == b_hh.defined(), op, "one of b_ih and b_hh is given, expected both or none");
  if (b_ih.defined()) {
    check_shape(op, "b_ih", b_ih, {4 * hidden});
    check_shape(op, "b_hh", b_hh, {4 * hidden});
  }
  if (!lengths.defined()) return;
  require<DTypeError>(lengths.dtype() == DType::i64, op, "lengths is ", lengths.dtype(), ", expected i64");
  check_shape(op, "lengths", lengths, {x.size(0)});
  require<DeviceError>(lengths.device() == kCpu, op, "lengths is on ", lengths.device(), ", expected on ", kCpu,
                       Hint{"the kernel lays out its work by lengths before it starts"});
}

/// Sum of the lengths, each of which must lie in 0..T.
int64_t count_frames(const Tensor& lengths, int64_t batch, int64_t T) {
  if (!lengths.defined()) return batch * T;
  int64_t frames = 0;
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t length = lengths.data<int64_t>()[b];
    require<ValueError>(length >= 0 && length <= T, "lstm", "lengths[", b, "] is ", length, ", expected 0..", T);
    frames += length;
  }
  return frames;
}

Tensor dense_frames(const Tensor& x) {
  return x.strides()[2] == 1 || x.size(2) <= 1 ? x.detach() : contiguous(x.detach());
}

}  // namespace

LstmOutput lstm(const Tensor& x_in, const Tensor& lengths_in, const Tensor& w_ih_in, const Tensor& w_hh_in,
                const Tensor& b_ih_in, const Tensor& b_hh_in, bool reverse) {
  check_arguments(x_in, lengths_in, w_ih_in, w_hh_in, b_ih_in, b_hh_in);
  const Tensor x = dense_frames(x_in), lengths = contiguous_if_defined(lengths_in);
  const Tensor w_ih = contiguous(w_ih_in.detach()), w_hh = contiguous(w_hh_in.detach());
  const Tensor b_ih = contiguous_if_defined(b_ih_in), b_hh = contiguous_if_defined(b_hh_in);
  const int64_t B = x.size(0), T = x.size(1), H = w_hh.size(1), frames = count_frames(lengths, B, T);
  const auto make = [&](const Shape& shape, DType dtype) { return empty(shape, dtype, x.device()); };
  LstmOutput out{make({B, T, H}, x.dtype()), make({B, H}, x.dtype()), make({B, H}, x.dtype())};
  Tensor gates, cells;
  const Tensor inputs[] = {x_in, w_ih_in, w_hh_in, b_ih_in, b_hh_in};
  if (will_record(inputs)) {
    gates = make({frames, 4 * H}, x.dtype());
    cells = make({frames, H}, accumulation_dtype(x.dtype()));
  }
  lstm_forward(x.device(), {x, lengths, w_ih, w_hh, b_ih, b_hh, reverse, out.y, out.h, out.c, gates, cells});
  const Tensor saved[] = {x, lengths, w_ih, w_hh, out.y, gates, cells};
  const auto outputs = record("lstm", inputs, {out.y, out.h, out.c}, saved, [reverse](const Backward& b) -> Gradients {
    const auto cotangent = [&](size_t i) { return b.has_dy(i) ? contiguous(b.dy(i)) : Tensor(); };
    const Tensor dy = cotangent(0), dh = cotangent(1), dc = cotangent(2);
    const auto wanted = [&](size_t i, const Tensor& like) {
      return b.needs(i) ? empty(like.shape(), like.dtype(), like.device()) : Tensor();
    };
    Tensor dx = wanted(0, b.saved(0)), dw_ih = wanted(1, b.saved(2)), dw_hh = wanted(2, b.saved(3)), db;
    if (b.needs(3) || b.needs(4)) db = empty({b.saved(3).size(0)}, b.saved(0).dtype(), b.saved(0).device());
    lstm_backward(b.saved(0).device(), {b.saved(0), b.saved(1), b.saved(2), b.saved(3), reverse, b.saved(4), b.saved(5),
                                        b.saved(6), dy, dh, dc, dx, dw_ih, dw_hh, db});
    return {dx, dw_ih, dw_hh, b.needs(3) ? db : Tensor(), b.needs(4) ? (b.needs(3) ? clone(db) : db) : Tensor()};
  });
  return {outputs[0], outputs[1], outputs[2]};
}

namespace {

/// The equations in lstm.h, sequence by sequence, in f64.
Tensors naive(std::span<const Tensor> in, bool reverse) {
  const int64_t B = in[0].size(0), T = in[0].size(1), I = in[0].size(2), H = in[3].size(1);
  const auto x = in[0].to_vector<double>(), w_ih = in[2].to_vector<double>(), w_hh = in[3].to_vector<double>();
  const auto zero = std::vector<double>(static_cast<size_t>(4 * H));
  const auto b_ih = in[4].defined() ? in[4].to_vector<double>() : zero,
             b_hh = in[5].defined() ? in[5].to_vector<double>() : zero;
  const auto lengths = in[1].defined() ? in[1].to_vector<int64_t>() : std::vector<int64_t>(static_cast<size_t>(B), T);
  std::vector<double> y(static_cast<size_t>(B * T * H)), h(static_cast<size_t>(B * H)), c(h);
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  for (int64_t b = 0; b < B; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)];
    for (int64_t step = 0; step < length; ++step) {
      const int64_t t = reverse ? length - 1 - step : step;
      std::vector<double> gates(b_ih);
      for (int64_t row = 0; row < 4 * H; ++row) {
        double& z = gates[static_cast<size_t>(row)];
        z += b_hh[static_cast<size_t>(row)];
        for (int64_t i = 0; i < I; ++i)
          z += w_ih[static_cast<size_t>(row * I + i)] * x[static_cast<size_t>((b * T + t) * I + i)];
        for (int64_t j = 0; j < H; ++j) z += w_hh[static_cast<size_t>(row * H + j)] * h[static_cast<size_t>(b * H + j)];
      }
      const auto gate = [&](int64_t which, int64_t j) { return gates[static_cast<size_t>(which * H + j)]; };
      for (int64_t j = 0; j < H; ++j) {
        double& cell = c[static_cast<size_t>(b * H + j)];
        cell = sigmoid(gate(1, j)) * cell + sigmoid(gate(0, j)) * std::tanh(gate(2, j));
        h[static_cast<size_t>(b * H + j)] = y[static_cast<size_t>((b * T + t) * H + j)] =
            sigmoid(gate(3, j)) * std::tanh(cell);
      }
    }
  }
  return {from_values(y, {B, T, H}), from_values(h, {B, H}), from_values(c, {B, H})};
}

Sample lstm_sample(std::string label, std::vector<Tensor> inputs, bool reverse = false) {
  const double frames = static_cast<double>(inputs[0].size(0) * inputs[0].size(1));
  const double weights = static_cast<double>(inputs[2].numel() + inputs[3].numel());
  const double values = static_cast<double>(inputs[0].numel()) + frames * static_cast<double>(inputs[3].size(1));
  return {.label = std::move(label),
          .inputs = std::move(inputs),
          .run = [reverse](std::span<const Tensor> in) -> Tensors {
            const LstmOutput out = lstm(in[0], in[1], in[2], in[3], in[4], in[5], reverse);
            return {out.y, out.h, out.c};
          },
          .reference = [reverse](std::span<const Tensor> in) { return naive(in, reverse); },
          .flops = 2 * frames* weights,
          .min_bytes = 4 * (values + weights),
          .backward_flops = 4 * frames* weights,
          .backward_min_bytes = 4 * (2 * values + 2 * weights)};
}

const RegisterOp registered([] {
  OpSpec spec{.name = "lstm", .dtypes = kFloatingDTypes, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.is_product = true;
  spec.samples = [](SampleMaker& make) {
    const auto inputs = [&](int64_t B, int64_t T, int64_t I, int64_t H, std::initializer_list<int64_t> lengths = {},
                            bool bias = true, double scale = 0.4) -> Tensors {
      return {make.normal({B, T, I}),
              lengths.size() ? from_values(lengths, {B}) : Tensor(),
              make.normal({4 * H, I}, scale),
              make.normal({4 * H, H}, scale),
              bias ? make.normal({4 * H}, scale) : Tensor(),
              bias ? make.normal({4 * H}, scale) : Tensor()};
    };
    std::vector<Sample> samples;
    samples.push_back(lstm_sample("equal lengths", inputs(2, 3, 4, 3)));
    samples.push_back(lstm_sample("backward in time", inputs(2, 3, 4, 3), true));
    samples.push_back(lstm_sample("unequal lengths", inputs(4, 5, 3, 2, {2, 5, 0, 3})));
    samples.push_back(lstm_sample("unequal lengths, backward in time", inputs(4, 5, 3, 2, {2, 5, 1, 0}), true));
    samples.push_back(lstm_sample("no bias", inputs(2, 4, 3, 5, {4, 1}, false)));
    samples.push_back(lstm_sample("one of everything", inputs(1, 1, 1, 1)));
    samples.push_back(lstm_sample("widths of a vector and one more", inputs(3, 4, 18, 17, {4, 2, 3})));
    samples.push_back(lstm_sample("more sequences than a block",
                                  inputs(19, 3, 2, 4, {3, 1, 2, 3, 3, 0, 2, 1, 3, 2, 2, 1, 1, 3, 2, 3, 0, 1, 2}),
                                  true));
    samples.push_back(lstm_sample("long", inputs(2, 40, 3, 8, {40, 25}, true, 0.3)));
    samples.push_back(lstm_sample("empty batch", inputs(0, 3, 4, 3)));
    samples.push_back(lstm_sample("no frame", inputs(2, 0, 4, 3)));
    samples.push_back(lstm_sample("all of length 0", inputs(2, 3, 4, 3, {0, 0})));
    samples.push_back(lstm_sample("no input feature", inputs(2, 3, 0, 3, {2, 3})));
    Tensors padded = inputs(2, 4, 3, 3, {2, 4});
    for (int64_t i = 2 * 3; i < 4 * 3; ++i) padded[0].mutable_data<double>()[i] = i % 2 ? std::nan("") : HUGE_VAL;
    samples.push_back(lstm_sample("NaN and infinity in the padding", padded));
    samples.push_back(lstm_sample("NaN and infinity in the padding, backward in time", padded, true));
    samples.push_back(lstm_sample("saturated gates", inputs(2, 3, 4, 3, {}, true, 60)));
    samples.back().check_gradient = false;
    samples.back().cancelling_terms = 1;  // 1 - sigmoid
    Tensors hostile = inputs(3, 3, 2, 2);
    hostile[0].mutable_data<double>()[2] = std::nan("");
    hostile[0].mutable_data<double>()[9] = HUGE_VAL;
    samples.push_back(lstm_sample("NaN and infinity in frames", hostile));
    samples.back().check_gradient = false;
    return samples;
  };
  const auto workload = [](std::string suite, int64_t batch, int64_t time, int64_t width, bool reverse) -> Workload {
    return {.suite = std::move(suite),
            .place = str(batch, "x", time, "x", width, reverse ? ", backward in time" : ""),
            .make =
                [=](SampleMaker& make) {
                  const double range = 1 / std::sqrt(static_cast<double>(width));
                  const auto weight = [&] { return make.uniform({4 * width, width}, -range, range); };
                  const Tensor x = make.normal({batch, time, width}), input = weight(), recurrent = weight();
                  return lstm_sample(
                      "", {x, {}, input, recurrent, make.normal({4 * width}, 0.1), make.normal({4 * width}, 0.1)},
                      reverse);
                },
            .attributes = {{"reverse", reverse ? 1.0 : 0.0}}};
  };
  spec.workloads = {workload("speech-256", 32, 50, 256, false), workload("speech-256", 32, 50, 256, true),
                    workload("demo", 32, 75, 128, false)};
  spec.errors = [] {
    const auto call = [](const Shape& x, Tensor lengths, const Shape& w_ih, const Shape& w_hh, Tensor b_ih = {},
                         Tensor b_hh = {}) {
      return [=] { lstm(zeros(x), lengths, zeros(w_ih), zeros(w_hh), b_ih, b_hh); };
    };
    return std::vector<ErrorSample>{
        {"recurrent weight", call({2, 3, 4}, {}, {12, 4}, {8, 3}), "lstm: w_hh has shape [8, 3], expected [12, 3]"},
        {"input weight", call({2, 3, 4}, {}, {12, 5}, {12, 3}), "lstm: w_ih has shape [12, 5], expected [12, 4]"},
        {"bias", call({2, 3, 4}, {}, {12, 4}, {12, 3}, zeros({3}), zeros({12})),
         "lstm: b_ih has shape [3], expected [12]"},
        {"one bias", call({2, 3, 4}, {}, {12, 4}, {12, 3}, zeros({12})),
         "lstm: one of b_ih and b_hh is given, expected both or none"},
        {"axes", call({3, 4}, {}, {12, 4}, {12, 3}), "lstm: x has shape [3, 4], expected 3 axes"},
        {"lengths dtype", call({2, 3, 4}, zeros({2}), {12, 4}, {12, 3}), "lstm: lengths is f32, expected i64"},
        {"lengths shape", call({2, 3, 4}, zeros({3}, DType::i64), {12, 4}, {12, 3}),
         "lstm: lengths has shape [3], expected [2]"},
        {"length too large", call({2, 3, 4}, from_values({int64_t{1}, int64_t{4}}, {2}), {12, 4}, {12, 3}),
         "lstm: lengths[1] is 4, expected 0..3"},
        {"length negative", call({2, 3, 4}, from_values({int64_t{-1}, int64_t{3}}, {2}), {12, 4}, {12, 3}),
         "lstm: lengths[0] is -1, expected 0..3"}};
  };
  return spec;
});

}  // namespace
}  // namespace triad::ops
