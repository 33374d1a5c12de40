#include "triad/autograd/autograd.h"
#include "triad/autograd/engine.h"

namespace triad {
namespace {

/// A tensor with the same data that starts a tape of its own.
Tensor fresh_leaf(const Tensor& t, bool wants_gradient) {
  if (!t.defined()) return t;
  Tensor leaf = t.detach();
  return wants_gradient ? requires_grad(leaf) : leaf;
}

}  // namespace

// What f captures (parameters above all) is on the tape like its inputs: the engine then knows that a gradient is still
// to come from here, and a gradient hook runs once, when the last one has come.
std::vector<Tensor> recompute(const std::function<std::vector<Tensor>(std::span<const Tensor>)>& f,
                              std::span<const Tensor> inputs) {
  if (!grad_enabled()) return f(inputs);
  std::vector<bool> wanted;
  std::vector<Tensor> plain;
  for (const Tensor& t : inputs) {
    wanted.push_back(t.defined() && t.requires_grad());
    plain.push_back(fresh_leaf(t, false));
  }
  std::vector<Tensor> outputs, captured;
  {
    const NoteGradients without_tape(captured);
    outputs = f(plain);
    will_record(outputs);  // f may hand a captured tensor through, which no op has noted then
  }
  // The history recorded below belongs to the output alone, not to an input or a captured tensor handed through.
  for (Tensor& y : outputs) y = y.detach();
  std::vector<Tensor> sources(inputs.begin(), inputs.end());
  sources.insert(sources.end(), captured.begin(), captured.end());
  const auto backward_again = [f, wanted, captured](const Backward& b) -> Gradients {
    std::vector<Tensor> boundary;
    for (size_t i = 0; i < wanted.size(); ++i) boundary.push_back(fresh_leaf(b.saved(i), wanted[i]));
    const EnableGrad inner_tape;
    const std::vector<Tensor> again = f(boundary);
    std::vector<Tensor> reached, cotangents;
    for (size_t i = 0; i < again.size(); ++i) {
      if (!b.has_dy(i) || !again[i].requires_grad()) continue;
      reached.push_back(again[i]);
      cotangents.push_back(b.dy(i));
    }
    boundary.insert(boundary.end(), captured.begin(), captured.end());
    return gradients_at(boundary, reached, cotangents);
  };
  return record("recompute", sources, std::move(outputs), sources, backward_again);
}

}  // namespace triad
