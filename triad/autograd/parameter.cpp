#include "triad/autograd/parameter.h"

#include "triad/autograd/autograd.h"

namespace triad {

Parameter::Parameter(Tensor value, bool decays) : value_(requires_grad(std::move(value))), decays_(decays) {}

void Parameter::set_trainable(bool trainable) {
  if (!trainable) set_grad(value_, Tensor());
  requires_grad(value_, trainable);
}

Tensor Parameter::as(DType dtype) const {
  if (!defined() || value_.dtype() == dtype) return value_;
  if (!converted_.defined() || converted_.dtype() != dtype || converted_version_ != value_.version()) {
    converted_ = clone_as(value_.detach(), dtype);
    converted_version_ = value_.version();
  }
  Tensor converted =
      record("parameter", {value_}, converted_.detach(), {}, [](const Backward& b) -> Gradients { return {b.dy()}; });
  // The master adds up its gradients in its own dtype: a converted copy of each would be written only to be read once.
  if (converted.requires_grad()) static_cast<TensorGrad&>(*converted.autograd()).node->converts_dtype = true;
  return converted;
}

void Parameter::relocate(Tensor storage_view, Tensor gradient_view) {
  copy_into(storage_view, value_.detach());
  const bool wanted = trainable();
  auto hooks = std::move(static_cast<TensorGrad&>(*value_.autograd()).hooks);
  value_ = requires_grad(std::move(storage_view), wanted);
  static_cast<TensorGrad&>(*value_.autograd()).hooks = std::move(hooks);
  if (wanted) set_grad(value_, std::move(gradient_view));
  converted_ = Tensor();
}

void Parameter::assign(std::string_view name, const Tensor& values) {
  check_shape("assign", name, values, value_.shape());
  copy_into(value_, values.detach());
}

}  // namespace triad
