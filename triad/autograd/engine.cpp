// The backward pass: nodes run when all their cotangents have arrived.

#include "triad/autograd/engine.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "triad/autograd/autograd.h"

namespace triad {
namespace {

TensorGrad& meta_of(const Tensor& leaf) { return static_cast<TensorGrad&>(*leaf.autograd()); }

/// target += gradient, where target may be undefined. A gradient nobody else holds is taken over instead of copied; one
/// that is stretched (the derivative of a sum) has elements on top of each other and cannot be added to in place. Sums are
/// of `dtype`: one gradient of a parameter alone may be of the dtype that the model computes in.
void add_gradient(Tensor& target, Tensor&& gradient, DType dtype) {
  if (!target.defined()) {
    target = std::move(gradient);
    return;
  }
  if (!target.is_unique() || !target.is_contiguous() || target.dtype() != dtype) target = clone_as(target, dtype);
  memory_ops(target.device()).accumulate(target.mutable_memory(), gradient.memory());
}

void accumulate_into_leaf(const Tensor& leaf, Tensor&& gradient) {
  TensorGrad& meta = meta_of(leaf);
  if (meta.grad.defined()) {  // in place: it may be a slice of an arena
    memory_ops(meta.grad.device()).accumulate(meta.grad.mutable_memory(), gradient.memory());
  } else {
    const bool fits = gradient.is_unique() && gradient.is_contiguous() && gradient.dtype() == leaf.dtype();
    meta.grad = fits ? std::move(gradient) : clone_as(gradient, leaf.dtype());
  }
  for (const auto& hook : meta.hooks) hook(meta.grad);
}

void check_saved(const Node& node) {
  for (size_t i = 0; i < node.saved.size(); ++i) {
    const SavedTensor& s = node.saved[i];
    if (!s.tensor.defined()) continue;
    require<AutogradError>(s.tensor.version() == s.version, node.op, "saved tensor ", i, " of shape ", s.tensor.shape(),
                           " was changed in place after the forward pass: its version is ", s.tensor.version(),
                           ", expected ", s.version, Hint{"write to a copy, or after backward()"});
  }
}

class Engine {
 public:
  explicit Engine(bool retain_tape) : retain_tape_(retain_tape), leaves_accumulate_(true) {}
  /// The walk ends at the boundary and no leaf accumulates.
  explicit Engine(std::span<const Edge> boundary) : retain_tape_(false), leaves_accumulate_(false) {
    for (const Edge& edge : boundary) {
      if (edge.node) arrived_[edge.node.get()];
    }
  }

  /// A leaf is a root like any other: its own cotangent may be only a part of its gradient.
  void seed(const Tensor& output, const Tensor& cotangent) {
    const Edge edge = edge_to(output);
    roots_.push_back(edge.node);
    add_gradient(cotangents_of(*edge.node)[edge.output_index], cotangent.detach(), output.dtype());
  }

  /// What arrived at an edge of the boundary.
  Tensor arrived(const Edge& edge) const {
    const auto found = arrived_.find(edge.node.get());
    return found == arrived_.end() || found->second.empty() ? Tensor() : found->second[edge.output_index];
  }

  void run() {
    count_dependencies();
    std::vector<std::shared_ptr<Node>> ready;
    for (const auto& root : roots_) {
      if (dependencies_[root.get()] == 0 && std::find(ready.begin(), ready.end(), root) == ready.end())
        ready.push_back(root);
    }
    const NoGrad no_tape;
    while (!ready.empty()) {
      const std::shared_ptr<Node> node = std::move(ready.back());
      ready.pop_back();
      auto found = pending_.find(node.get());
      std::vector<Tensor> cotangents;
      if (found != pending_.end()) {
        cotangents = std::move(found->second);
        pending_.erase(found);
      }
      if (const auto end = arrived_.find(node.get()); end != arrived_.end()) {
        end->second = std::move(cotangents);
        continue;
      }
      const bool reached =
          std::any_of(cotangents.begin(), cotangents.end(), [](const Tensor& t) { return t.defined(); });
      if (node->leaf.defined()) {
        if (reached && leaves_accumulate_) accumulate_into_leaf(node->leaf, std::move(cotangents[0]));
        continue;
      }
      Gradients gradients = reached ? derivatives(*node, std::move(cotangents)) : Gradients(node->inputs.size());
      for (size_t i = 0; i < node->inputs.size(); ++i) {
        const Edge& edge = node->inputs[i];
        if (!edge.node) continue;
        if (gradients[i].defined())
          add_gradient(cotangents_of(*edge.node)[edge.output_index], std::move(gradients[i]),
                       node->input_forms[i].dtype);
        if (--dependencies_[edge.node.get()] == 0) ready.push_back(edge.node);
      }
    }
  }

 private:
  std::vector<Tensor>& cotangents_of(const Node& node) {
    auto& slots = pending_[&node];
    slots.resize(node.output_forms.size());
    return slots;
  }

  /// How many nodes reachable from the roots feed each node.
  void count_dependencies() {
    std::vector<Node*> stack;
    std::unordered_map<const Node*, bool> seen;
    for (const auto& root : roots_) {
      if (!std::exchange(seen[root.get()], true)) stack.push_back(root.get());
    }
    while (!stack.empty()) {
      const Node* node = stack.back();
      stack.pop_back();
      if (arrived_.contains(node)) continue;
      for (const Edge& edge : node->inputs) {
        if (!edge.node) continue;
        ++dependencies_[edge.node.get()];
        if (!std::exchange(seen[edge.node.get()], true)) stack.push_back(edge.node.get());
      }
    }
  }

  Gradients derivatives(Node& node, std::vector<Tensor> cotangents) const {
    require<AutogradError>(node.backward != nullptr, node.op,
                           "its part of the tape was released by an earlier backward()",
                           Hint{"pass retain_tape to the first backward()"});
    check_saved(node);
    std::vector<Tensor> saved;
    saved.reserve(node.saved.size());
    for (const SavedTensor& s : node.saved) saved.push_back(s.tensor);
    Gradients gradients = node.backward(Backward(node, saved, cotangents));
    require<AutogradError>(gradients.size() == node.inputs.size(), node.op, "its derivative returned ",
                           gradients.size(), " gradients for ", node.inputs.size(), " inputs");
    for (size_t i = 0; i < gradients.size(); ++i) {
      if (!gradients[i].defined()) continue;
      const Node::Form& form = node.input_forms[i];
      const bool right_dtype =
          node.converts_dtype ? is_floating(gradients[i].dtype()) : gradients[i].dtype() == form.dtype;
      require<AutogradError>(gradients[i].shape() == form.shape && right_dtype, node.op, "gradient ", i, " is ",
                             gradients[i].dtype(), " ", gradients[i].shape(), ", expected ", form.dtype, " ",
                             form.shape);
    }
    if (!retain_tape_) {
      node.backward = nullptr;
      node.saved.clear();
    }
    return gradients;
  }

  const bool retain_tape_, leaves_accumulate_;
  std::vector<std::shared_ptr<Node>> roots_;
  std::unordered_map<const Node*, std::vector<Tensor>> pending_;
  std::unordered_map<const Node*, std::vector<Tensor>> arrived_;  ///< at the nodes of the boundary
  std::unordered_map<const Node*, int> dependencies_;
};

}  // namespace

Tensor requires_grad(Tensor t, bool wanted) {
  require<DTypeError>(is_floating(t.dtype()), "requires_grad", "a tensor of ", t.dtype(), " has no gradient");
  if (!t.autograd()) t.set_autograd(std::make_unique<TensorGrad>());
  TensorGrad& meta = meta_of(t);
  require<AutogradError>(meta.node == nullptr, "requires_grad", "the tensor is the output of ",
                         meta.node ? meta.node->op : "", Hint{"detach() it first"});
  meta.requires_grad = wanted;
  return t;
}

Tensor grad(const Tensor& leaf) { return leaf.autograd() ? meta_of(leaf).grad : Tensor(); }

void set_grad(const Tensor& leaf, Tensor gradient) {
  require<AutogradError>(leaf.autograd() != nullptr, "set_grad", "the tensor does not require a gradient");
  if (gradient.defined()) {
    check_shape("set_grad", "gradient", gradient, leaf.shape());
    check_same_dtype("set_grad", "gradient", gradient, leaf);
    check_same_device("set_grad", "gradient", gradient, leaf);
    require<ShapeError>(!is_stretched(gradient), "set_grad", "elements of the gradient lie on top of each other",
                        Hint{"clone() it: gradients are added to it in place"});
  }
  meta_of(leaf).grad = std::move(gradient);
}

void on_gradient_ready(const Tensor& leaf, std::function<void(const Tensor&)> hook) {
  require<AutogradError>(leaf.requires_grad() && !meta_of(leaf).node, "on_gradient_ready",
                         "expected a leaf that requires a gradient");
  meta_of(leaf).hooks.push_back(std::move(hook));
}

namespace {

void walk_back(Engine& engine, std::span<const Tensor> outputs, std::span<const Tensor> cotangents) {
  require<AutogradError>(grad_enabled(), "backward", "called while gradients are off",
                         Hint{"gradients of gradients are not supported; do not call it under NoGrad"});
  require<AutogradError>(outputs.size() == cotangents.size(), "backward", outputs.size(), " outputs but ",
                         cotangents.size(), " cotangents");
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& y = outputs[i];
    require<AutogradError>(y.defined() && y.requires_grad(), "backward", "output ", i,
                           " does not depend on a tensor that requires a gradient");
    Tensor dy = cotangents[i];
    if (!dy.defined()) {
      require<AutogradError>(y.numel() == 1, "backward", "output of shape ", y.shape(), " needs a cotangent");
      dy = full(y.shape(), 1, y.dtype(), y.device());
    }
    check_shape("backward", "cotangent", dy, y.shape());
    check_same_dtype("backward", "cotangent", dy, y);
    check_same_device("backward", "cotangent", dy, y);
    engine.seed(y, dy);
  }
  engine.run();
}

}  // namespace

void backward(std::span<const Tensor> outputs, std::span<const Tensor> cotangents, bool retain_tape) {
  Engine engine(retain_tape);
  walk_back(engine, outputs, cotangents);
}

std::vector<Tensor> gradients_at(std::span<const Tensor> boundary, std::span<const Tensor> outputs,
                                 std::span<const Tensor> cotangents) {
  std::vector<Edge> edges;
  for (const Tensor& t : boundary) edges.push_back(edge_to(t));
  Engine engine(edges);
  walk_back(engine, outputs, cotangents);
  std::vector<Tensor> gradients;
  for (size_t i = 0; i < edges.size(); ++i) {
    Tensor gradient = engine.arrived(edges[i]);
    const bool fits = !gradient.defined() || gradient.dtype() == boundary[i].dtype();
    gradients.push_back(fits ? std::move(gradient) : clone_as(gradient, boundary[i].dtype()));
  }
  return gradients;
}

void backward(const Tensor& output, const Tensor& cotangent, bool retain_tape) {
  backward(std::span(&output, 1), std::span(&cotangent, 1), retain_tape);
}

}  // namespace triad
