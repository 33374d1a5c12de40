// The tape: what an op leaves behind so that gradients can flow back through it.
//
// An op runs its kernel, then calls record() with its inputs, its output, the tensors its derivative needs, and the
// derivative itself:
//
//   Tensor tanh(const Tensor& x) {
//     Tensor y = …;
//     return record("tanh", {x}, y, {y}, [](const Backward& b) -> Gradients { return {b.dy() * (1 - b.saved(0) …)}; });
//   }
//
// Derivatives are never recorded themselves: gradients of gradients are not supported and asking for them throws.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad {

class Node;

/// One gradient for each input of an op, in order; undefined where none is needed or the derivative is zero.
using Gradients = std::vector<Tensor>;

/// What a derivative sees when the engine calls it.
class Backward {
 public:
  Backward(const Node& node, std::span<const Tensor> saved, std::span<const Tensor> cotangents)
      : node_(node), saved_(saved), cotangents_(cotangents) {}

  /// The i-th saved tensor, unchanged since the forward pass (the engine has compared versions).
  const Tensor& saved(size_t i) const { return saved_[i]; }
  /// Derivative of the loss with respect to output i; zeros if that output took no part in the loss.
  Tensor dy(size_t i = 0) const;
  /// False if output i took no part in the loss.
  bool has_dy(size_t i) const { return cotangents_[i].defined(); }
  /// Whether a gradient of input i is wanted. Derivatives skip the work for the others.
  bool needs(size_t i) const;

 private:
  const Node& node_;
  std::span<const Tensor> saved_;
  std::span<const Tensor> cotangents_;
};

/// dLoss/dInputs from dLoss/dOutputs. Captures plain values only (axes, epsilons); tensors go through `saved`.
using BackwardFunction = std::function<Gradients(const Backward&)>;

/// A tensor kept for the backward pass, with the version its storage had.
struct SavedTensor {
  explicit SavedTensor(const Tensor& t)
      : tensor(t.defined() ? t.detach() : t), version(t.defined() ? t.version() : 0) {}
  Tensor tensor;
  uint64_t version;
};

/// Where a gradient flows next: input `output_index` of the cotangents of `node`. Null if nothing below wants one.
struct Edge {
  std::shared_ptr<Node> node;
  size_t output_index = 0;
};

/// One executed op, or the leaf at the end of the tape that accumulates into a tensor's grad.
class Node {
 public:
  /// What the engine must know of an output or input to check and materialise gradients.
  struct Form {
    Shape shape;
    DType dtype;
    Device device;
  };

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  std::string_view op;  ///< name for messages; a string literal
  std::vector<Edge> inputs;
  std::vector<Form> input_forms, output_forms;
  std::vector<SavedTensor> saved;
  BackwardFunction backward;    ///< empty once released, and for leaves
  bool converts_dtype = false;  ///< its gradients may be of another floating dtype than its inputs, which are leaves
  Tensor leaf;                  ///< the tensor whose grad accumulates, for leaves
};

/// The autograd part of a tensor. Either a leaf (requires_grad set by the user, no node) or the output of a node.
struct TensorGrad : AutogradMeta {
  std::shared_ptr<Node> node;  ///< the op that made this tensor; null for leaves
  size_t output_index = 0;
  std::weak_ptr<Node> leaf_node;  ///< of a leaf, while some tape holds it
  Tensor grad;                    ///< of a leaf; may be a view into a larger buffer, written in place
  std::vector<std::function<void(const Tensor&)>> hooks;
};

/// The edge from an op to the maker of its input, or to the leaf that accumulates for it; null if the input wants no
/// gradient.
Edge edge_to(const Tensor& input);

/// Declares `outputs` of `op` differentiable with respect to `inputs`, unless gradients are off or no input wants one.
/// Inputs may be undefined (an absent bias). Returns the outputs, now carrying the node. Outputs must be fresh tensors
/// or views made for this op. Integral outputs carry no gradient.
std::vector<Tensor> record(std::string_view op, std::span<const Tensor> inputs, std::vector<Tensor> outputs,
                           std::span<const Tensor> saved, BackwardFunction backward);
/// The common case of one output.
Tensor record(std::string_view op, std::initializer_list<Tensor> inputs, Tensor output,
              std::initializer_list<Tensor> saved, BackwardFunction backward);

/// For ops without a derivative: throws AutogradError with `reason` if an input requires a gradient and gradients are on.
void refuse_gradient(std::string_view op, std::initializer_list<Tensor> inputs, std::string_view reason);

/// True if record() would put something on the tape for these inputs. Kernels use it to skip what only backward needs.
/// Every op asks, here or in record(): under NoteTensors this is where its inputs are noted.
bool will_record(std::span<const Tensor> inputs);
bool will_record(std::initializer_list<Tensor> inputs);

}  // namespace triad
