#include "triad/autograd/node.h"

#include <algorithm>
#include <iterator>

#include "triad/autograd/grad_mode.h"

namespace triad {
namespace {

Node::Form form_of(const Tensor& t) {
  return t.defined() ? Node::Form{t.shape(), t.dtype(), t.device()} : Node::Form{{}, DType::f32, kCpu};
}

bool wants_gradient(const Tensor& t) { return t.defined() && t.requires_grad(); }

void note(const Tensor& t, NotedTensors& noted) {
  if (!t.defined()) return;
  noted.read.emplace_back(t.storage(), t.version());
  std::vector<Tensor>& wanting = noted.wanting_gradient;
  const auto same = [&t](const Tensor& other) { return other.is_same(t); };
  if (wants_gradient(t) && std::none_of(wanting.begin(), wanting.end(), same)) wanting.push_back(t);
}

}  // namespace

Edge edge_to(const Tensor& input) {
  if (!wants_gradient(input)) return {};
  auto& meta = static_cast<TensorGrad&>(*input.autograd());
  if (meta.node) return {meta.node, meta.output_index};
  std::shared_ptr<Node> leaf = meta.leaf_node.lock();
  if (!leaf) {
    leaf = std::make_shared<Node>();
    leaf->op = "leaf";
    leaf->output_forms = {form_of(input)};
    leaf->leaf = input;
    meta.leaf_node = leaf;
  }
  return {leaf, 0};
}

// A tape is a chain of owners as long as the computation: left to themselves, destructors would call each other once a
// node and overflow the stack. So the last owner of a node takes its edges before the node goes.
Node::~Node() {
  std::vector<Edge> edges = std::move(inputs);
  while (!edges.empty()) {
    const std::shared_ptr<Node> next = std::move(edges.back().node);
    edges.pop_back();
    if (next.use_count() != 1) continue;
    std::move(next->inputs.begin(), next->inputs.end(), std::back_inserter(edges));
    next->inputs.clear();
  }
}

Tensor Backward::dy(size_t i) const {
  if (cotangents_[i].defined()) return cotangents_[i];
  const Node::Form& form = node_.output_forms[i];
  return zeros(form.shape, form.dtype, form.device);
}

bool Backward::needs(size_t i) const { return node_.inputs[i].node != nullptr; }

bool will_record(std::span<const Tensor> inputs) {
  if (NotedTensors* noted = grad_mode().noted) {
    for (const Tensor& t : inputs) note(t, *noted);
  }
  return grad_enabled() && std::any_of(inputs.begin(), inputs.end(), wants_gradient);
}

bool will_record(std::initializer_list<Tensor> inputs) { return will_record(std::span(inputs.begin(), inputs.size())); }

std::vector<Tensor> record(std::string_view op, std::span<const Tensor> inputs, std::vector<Tensor> outputs,
                           std::span<const Tensor> saved, BackwardFunction backward) {
  if (!will_record(inputs)) return outputs;
  auto node = std::make_shared<Node>();
  node->op = op;
  node->backward = std::move(backward);
  for (const Tensor& input : inputs) {
    node->inputs.push_back(edge_to(input));
    node->input_forms.push_back(form_of(input));
  }
  for (const Tensor& t : saved) node->saved.emplace_back(t);
  for (size_t i = 0; i < outputs.size(); ++i) {
    node->output_forms.push_back(form_of(outputs[i]));
    if (!is_floating(outputs[i].dtype())) continue;
    auto meta = std::make_unique<TensorGrad>();
    meta->requires_grad = true;
    meta->node = node;
    meta->output_index = i;
    outputs[i].set_autograd(std::move(meta));
  }
  return outputs;
}

Tensor record(std::string_view op, std::initializer_list<Tensor> inputs, Tensor output,
              std::initializer_list<Tensor> saved, BackwardFunction backward) {
  return record(op, std::span(inputs.begin(), inputs.size()), std::vector<Tensor>{std::move(output)},
                std::span(saved.begin(), saved.size()), std::move(backward))[0];
}

void refuse_gradient(std::string_view op, std::initializer_list<Tensor> inputs, std::string_view reason) {
  require<AutogradError>(!will_record(inputs), op, "has no derivative: ", reason,
                         Hint{"detach() the input, or call it under NoGrad"});
}

}  // namespace triad
