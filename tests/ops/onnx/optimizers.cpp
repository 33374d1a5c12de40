#include <cmath>

#include "tests/ops/onnx/operators.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"

namespace triad::onnx {
namespace {

/// One update for each of n parameters. Inputs after rate and step: all parameters, all gradients, then each state; the
/// outputs likewise. `update` maps {x, regularised gradient, states…} to {x, states…}.
template <class Update>
Tensors for_each_parameter(const NodeCase& c, size_t states, const Update& update) {
  const size_t n = (c.input_count() - 2) / (2 + states);
  const double decay = c.number("norm_coefficient", 0);
  Tensors out(n * (1 + states));
  for (size_t i = 0; i < n; ++i) {
    Tensors of{c.in(2 + i), c.in(2 + n + i) + c.in(2 + i) * decay};
    for (size_t s = 0; s < states; ++s) of.push_back(c.in(2 + (2 + s) * n + i));
    const Tensors updated = update(of);
    for (size_t s = 0; s <= states; ++s) out[s * n + i] = updated[s];
  }
  return out;
}

Tensors adagrad(const NodeCase& c) {
  const double rate = c.in(0).item() / (1 + c.in(1).item() * c.number("decay_factor", 0)),
               eps = c.number("epsilon", 1e-6);
  return for_each_parameter(c, 1, [&](const Tensors& t) -> Tensors {
    const Tensor squares = t[2] + ops::square(t[1]);
    return {t[0] - t[1] * rate / (ops::sqrt(squares) + eps), squares};
  });
}

Tensors momentum(const NodeCase& c) {
  const double rate = c.in(0).item(), alpha = c.number("alpha", 0), given = c.number("beta", 0);
  const double beta = c.in(1).item() > 0 ? given : 1;
  const bool nesterov = c.text("mode", "standard") == "nesterov";
  return for_each_parameter(c, 1, [&](const Tensors& t) -> Tensors {
    const Tensor velocity = t[2] * alpha + t[1] * beta;
    return {t[0] - (nesterov ? t[1] + velocity * alpha : velocity) * rate, velocity};
  });
}

Tensors adam(const NodeCase& c) {
  const double alpha = c.number("alpha", 0.9), beta = c.number("beta", 0.999), eps = c.number("epsilon", 0);
  const double step = c.in(1).item(), post = c.number("norm_coefficient_post", 0);
  const double correction = step > 0 ? std::sqrt(1 - std::pow(beta, step)) / (1 - std::pow(alpha, step)) : 1;
  const double rate = c.in(0).item() * correction;
  return for_each_parameter(c, 2, [&](const Tensors& t) -> Tensors {
    const Tensor first = t[2] * alpha + t[1] * (1 - alpha), second = t[3] * beta + ops::square(t[1]) * (1 - beta);
    return {(t[0] - first * rate / (ops::sqrt(second) + eps)) * (1 - post), first, second};
  });
}

}  // namespace

void add_optimizers(OperatorTable& table) {
  table["Adagrad"] = adagrad;
  table["Adam"] = adam;
  table["Momentum"] = momentum;
}

}  // namespace triad::onnx
