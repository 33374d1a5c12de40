#include "triad/autograd/autograd.h"

namespace triad {
namespace {

/// A tensor with the same data that starts a tape of its own.
Tensor fresh_leaf(const Tensor& saved, bool wants_gradient) {
  if (!saved.defined()) return saved;
  Tensor t = saved.detach();
  return wants_gradient ? requires_grad(t) : t;
}

}  // namespace

// f runs under NoGrad, so the tape cannot see which captured parameters it uses. A dummy input that requires a gradient
// keeps the node on the tape even when none of the inputs does; the inner backward() then reaches the parameters.
std::vector<Tensor> recompute(const std::function<std::vector<Tensor>(std::span<const Tensor>)>& f,
                              std::span<const Tensor> inputs) {
  if (!grad_enabled()) return f(inputs);
  std::vector<Tensor> outputs;
  {
    const NoGrad no_tape;
    outputs = f(inputs);
  }
  // f may hand an input or a captured tensor through; the history recorded below belongs to the output alone.
  for (Tensor& y : outputs) y = y.detach();
  std::vector<bool> wanted;
  std::vector<Tensor> recorded(inputs.begin(), inputs.end());
  for (const Tensor& t : inputs) wanted.push_back(t.defined() && t.requires_grad());
  recorded.push_back(requires_grad(zeros({})));
  return record("recompute", recorded, std::move(outputs), inputs, [f, wanted](const Backward& b) -> Gradients {
    std::vector<Tensor> leaves;
    for (size_t i = 0; i < wanted.size(); ++i) leaves.push_back(fresh_leaf(b.saved(i), wanted[i]));
    const EnableGrad inner_tape;
    const std::vector<Tensor> again = f(leaves);
    std::vector<Tensor> outputs_reached, cotangents;
    for (size_t i = 0; i < again.size(); ++i) {
      if (!b.has_dy(i) || !again[i].requires_grad()) continue;
      outputs_reached.push_back(again[i]);
      cotangents.push_back(b.dy(i));
    }
    if (!outputs_reached.empty()) backward(outputs_reached, cotangents);
    Gradients gradients;
    for (const Tensor& leaf : leaves) gradients.push_back(leaf.defined() && leaf.requires_grad() ? grad(leaf) : Tensor());
    gradients.emplace_back();
    return gradients;
  });
}

}  // namespace triad
