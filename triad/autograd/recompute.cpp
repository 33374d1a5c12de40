#include <algorithm>
#include <memory>

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

using Reads = decltype(NotedTensors::read);

/// Without those that have ended and those of `tensors`.
void drop_storages(Reads& reads, std::span<const Tensor> tensors) {
  std::erase_if(reads, [&](const auto& read) {
    const std::shared_ptr<Storage> storage = read.first.lock();
    return !storage ||
           std::ranges::any_of(tensors, [&](const Tensor& t) { return t.defined() && t.storage() == storage; });
  });
}

void check_unchanged(const Reads& reads) {
  for (const auto& [weak, version] : reads) {
    const std::shared_ptr<Storage> storage = weak.lock();
    require<AutogradError>(!storage || storage->version() == version, "recompute",
                           "a tensor that the function read was changed in place since: its version is ",
                           storage ? storage->version() : 0, ", expected ", version,
                           Hint{"write to a copy, or after backward()"});
  }
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
  std::vector<Tensor> outputs;
  NotedTensors noted;
  {
    const NoteTensors without_tape(noted);
    outputs = f(plain);
    will_record(outputs);  // f may hand a captured tensor through, which no op has noted then
  }
  const std::vector<Tensor>& captured = noted.wanting_gradient;
  // What is on the tape is saved below, with its version; what becomes of the outputs is up to the caller.
  for (const std::span<const Tensor> others :
       {inputs, std::span<const Tensor>(captured), std::span<const Tensor>(outputs)})
    drop_storages(noted.read, others);
  // The history recorded below belongs to the output alone, not to an input or a captured tensor handed through.
  for (Tensor& y : outputs) y = y.detach();
  std::vector<Tensor> sources(inputs.begin(), inputs.end());
  sources.insert(sources.end(), captured.begin(), captured.end());
  const auto backward_again = [f, wanted, captured, reads = noted.read,
                               count = outputs.size()](const Backward& b) -> Gradients {
    check_unchanged(reads);
    std::vector<Tensor> boundary;
    for (size_t i = 0; i < wanted.size(); ++i) boundary.push_back(fresh_leaf(b.saved(i), wanted[i]));
    const EnableGrad inner_tape;
    const std::vector<Tensor> again = f(boundary);
    require<AutogradError>(again.size() == count, "recompute", "the function returned ", again.size(),
                           " tensors the second time, ", count, " the first", Hint{"it must be a pure function"});
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
