// Axes: T time, B batch, I inputs, H hidden, D directions.
#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/matmul/linear.h"
#include "triad/ops/recurrent/lstm.h"
#include "triad/ops/reduce/extremum.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {
namespace {

bool all_zero(const Tensor& t) { return ops::sum(ops::not_equal(t, scalar_like(t, 0))).item() == 0; }

/// Rows i, o, f, c, as ONNX stores the gates, in our order i, f, c, o.
Tensor our_gate_order(const Tensor& rows) {
  const int64_t h = rows.size(0) / 4;
  const Tensors gate = ops::split(rows, {h, h, h, h}, 0);
  return ops::concat({gate[0], gate[2], gate[3], gate[1]}, 0);
}

/// X as [B, T, I]; layout 1 has it so already.
Tensor batch_first(const NodeCase& c) { return c.integer("layout", 0) == 1 ? c.in(0) : ops::transpose(c.in(0), 0, 1); }

/// Y from one [B, T, H] a direction, and a state from one [B, H] a direction, in the layout of the case.
Tensor laid_out_sequence(const NodeCase& c, const Tensors& ys) {
  return ops::permute(ops::stack(ys, 0), c.integer("layout", 0) == 1 ? Axes{1, 2, 0, 3} : Axes{2, 0, 1, 3});
}
Tensor laid_out_state(const NodeCase& c, const Tensors& states) {
  return ops::stack(states, c.integer("layout", 0) == 1 ? 1 : 0);
}

Tensors lstm(const NodeCase& c) {
  const Tensor x = batch_first(c), w = c.in(1), r = c.in(2);
  c.ignore("hidden_size");
  const std::string direction = c.text("direction", "forward");
  for (const size_t state : {5, 6}) {
    if (c.has(state) && !all_zero(c.in(state))) throw NotExpressible("an initial state");
  }
  Tensors ys, hs, cs;
  for (int64_t d = 0; d < w.size(0); ++d) {
    Tensor b_ih, b_hh;
    if (c.has(3)) {
      const Tensors halves = ops::split(ops::select(c.in(3), 0, d), {w.size(1), w.size(1)}, 0);
      b_ih = our_gate_order(halves[0]), b_hh = our_gate_order(halves[1]);
    }
    const Tensor lengths = c.has(4) ? clone_as(c.in(4), DType::i64) : Tensor();
    const ops::LstmOutput out =
        ops::lstm(x, lengths, our_gate_order(ops::select(w, 0, d)), our_gate_order(ops::select(r, 0, d)), b_ih, b_hh,
                  d == 1 || direction == "reverse");
    ys.push_back(out.y), hs.push_back(out.h), cs.push_back(out.c);
  }
  return {laid_out_sequence(c, ys), laid_out_state(c, hs), laid_out_state(c, cs)};
}

/// One direction of whole sequences, a step at a time: h' = step(x_t W^T + b_W, h).
template <class Step>
Tensors stepped(const NodeCase& c, const Step& step) {
  const Tensor x = batch_first(c), w = ops::squeeze(c.in(1), 0);
  const int64_t hidden = c.integer("hidden_size", 0), steps = x.size(1);
  if (c.text("direction", "forward") != "forward") throw NotExpressible("direction");
  if (c.has(4) && ops::min(c.in(4)).item() != static_cast<double>(steps)) throw NotExpressible("lengths");
  const Tensor both = c.has(3) ? ops::squeeze(c.in(3), 0) : zeros({2 * w.size(0)}, x.dtype());
  const Tensors bias = ops::split(both, {w.size(0), w.size(0)}, 0);
  Tensor h =
      c.has(5) ? ops::squeeze(c.in(5), c.integer("layout", 0) == 1 ? 1 : 0) : zeros({x.size(0), hidden}, x.dtype());
  Tensors ys;
  for (int64_t t = 0; t < steps; ++t) {
    h = step(ops::linear(ops::select(x, 1, t), w, bias[0]), h, ops::squeeze(c.in(2), 0), bias[1]);
    ys.push_back(h);
  }
  return {laid_out_sequence(c, {ops::stack(ys, 1)}), laid_out_state(c, {h})};
}

Tensors simple_rnn(const NodeCase& c) {
  return stepped(c, [](const Tensor& input, const Tensor& h, const Tensor& r, const Tensor& bias) {
    return ops::tanh(input + ops::linear(h, r, bias));
  });
}

/// Gates z (update), r (reset), h (candidate).
Tensors gru(const NodeCase& c) {
  const bool reset_after = c.flag("linear_before_reset", false);
  return stepped(c, [&](const Tensor& input, const Tensor& h, const Tensor& r, const Tensor& bias) {
    const int64_t n = h.size(1);
    const Tensors w = ops::split(r, {n, n, n}, 0), b = ops::split(bias, {n, n, n}, 0),
                  in = ops::split(input, {n, n, n}, 1);
    const Tensor update = ops::sigmoid(in[0] + ops::linear(h, w[0], b[0]));
    const Tensor reset = ops::sigmoid(in[1] + ops::linear(h, w[1], b[1]));
    const Tensor inner = reset_after ? reset * ops::linear(h, w[2], b[2]) : ops::linear(reset * h, w[2], b[2]);
    const Tensor candidate = ops::tanh(in[2] + inner);
    return candidate + update * (h - candidate);
  });
}

}  // namespace

void add_recurrent(OperatorTable& table) {
  table["LSTM"] = lstm;
  table["RNN"] = simple_rnn;
  table["GRU"] = gru;
}

}  // namespace triad::onnx
