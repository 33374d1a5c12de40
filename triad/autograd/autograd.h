// Gradients: asking for them, computing them, looking at them.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "triad/autograd/grad_mode.h"
#include "triad/autograd/node.h"
#include "triad/core/tensor/tensor.h"

namespace triad {

/// Marks a leaf as wanting a gradient (or not). Returns the same handle. Throws DTypeError for integral tensors and
/// AutogradError for a tensor that an op made.
Tensor requires_grad(Tensor t, bool wanted = true);

/// The accumulated gradient of a leaf; undefined before the first backward pass.
Tensor grad(const Tensor& leaf);
/// Sets the tensor that gradients of `leaf` are added to, such as a slice of an arena. Shape and dtype must fit. An
/// undefined tensor clears it.
void set_grad(const Tensor& leaf, Tensor gradient);

/// Calls hook(gradient) once in every backward pass that reaches `leaf`, as soon as its gradient from that pass is
/// complete and added to grad(leaf), while the pass may still be under way. What flows through blocks of recompute() is
/// included.
void on_gradient_ready(const Tensor& leaf, std::function<void(const Tensor& grad)> hook);

/// Adds d(output . cotangent)/d(leaf) to the gradient of every leaf `output` depends on. The cotangent defaults to 1 for
/// a tensor of one element. The tape is released while it is walked, unless `retain_tape`.
/// Throws AutogradError if nothing requires a gradient, if the tape was released already, if a saved tensor was changed
/// in place since, or if a derivative returns a gradient of the wrong shape or dtype.
void backward(const Tensor& output, const Tensor& cotangent = {}, bool retain_tape = false);
/// The same for several outputs at once; each undefined cotangent is 1.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> cotangents, bool retain_tape = false);

/// Runs f without a tape and runs it again during the backward pass: memory for time. f must be a pure function of its
/// inputs, of tensors it captures (parameters above all, which receive their gradients as well) and of counter-based
/// random keys. Inputs and captured tensors must not change before the backward pass: AutogradError, as for saved ones.
std::vector<Tensor> recompute(const std::function<std::vector<Tensor>(std::span<const Tensor>)>& f,
                              std::span<const Tensor> inputs);

}  // namespace triad
