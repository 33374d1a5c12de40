#include "triad/optim/arena.h"

#include <algorithm>
#include <set>

#include "triad/autograd/autograd.h"
#include "triad/core/device/memory.h"
#include "triad/core/tensor/views.h"

namespace triad::optim {
namespace {

constexpr int64_t kAlignment = 16;  // f32 elements in 64 bytes

Tensor part(const Tensor& buffer, const Arena::Slice& slice) {
  const Shape& shape = slice.parameter->shape();
  return Tensor(buffer.storage(), buffer.dtype(), shape, contiguous_strides(shape), slice.offset);
}

bool lies_at(const Tensor& t, const Tensor& buffer, const Arena::Slice& slice) {
  return t.defined() && t.storage() == buffer.storage() && t.offset() == slice.offset;
}

}  // namespace

Arena::Arena(const std::vector<NamedParameter>& parameters) {
  for (const NamedParameter& p : parameters) {
    if (!p.parameter->trainable()) frozen_.push_back(p);
  }
  std::set<const Parameter*> seen;
  int64_t end = 0;
  for (const bool decays : {true, false}) {
    for (const NamedParameter& p : parameters) {
      if (!p.parameter->trainable() || p.parameter->decays() != decays || !seen.insert(p.parameter).second) continue;
      require<DTypeError>(p.parameter->value().dtype() == DType::f32, "Arena", p.name, " is ",
                          p.parameter->value().dtype(), ", expected f32");
      const int64_t numel = p.parameter->shape().numel();
      slices_.push_back({p.name, p.parameter, end, numel});
      end += (numel + kAlignment - 1) / kAlignment * kAlignment;
    }
    if (decays) decayed_ = end;
  }
  require<ValueError>(!slices_.empty(), "Arena", "none of ", parameters.size(), " parameters is trainable");
  const Device device = slices_.front().parameter->value().device();
  values_ = zeros({end}, DType::f32, device);
  gradients_ = zeros({end}, DType::f32, device);
  for (const Slice& slice : slices_) slice.parameter->relocate(part(values_, slice), part(gradients_, slice));
}

void Arena::zero_gradients() { memory_ops(gradients_.device()).fill(gradients_.mutable_memory(), 0); }

void Arena::check_parameters() const {
  const Hint hint{"make a new Arena and a new Optimizer after freezing, unfreezing or moving parameters"};
  for (const NamedParameter& p : frozen_)
    require<ValueError>(!p.parameter->trainable(), "Arena", p.name, " was unfrozen after the arena was made", hint);
  for (const Slice& slice : slices_) {
    const Parameter& p = *slice.parameter;
    require<ValueError>(p.trainable(), "Arena", slice.name, " was frozen after the arena was made", hint);
    require<ValueError>(lies_at(p.value(), values_, slice), "Arena", slice.name, " has left the arena", hint);
    require<ValueError>(lies_at(grad(p.value()), gradients_, slice), "Arena", "the gradient of ", slice.name,
                        " has left the arena", hint);
  }
}

const Arena::Slice& Arena::slice_at(int64_t offset) const {
  const auto after = std::upper_bound(slices_.begin(), slices_.end(), offset,
                                      [](int64_t at, const Slice& slice) { return at < slice.offset; });
  require<ValueError>(after != slices_.begin() && offset < numel(), "Arena::slice_at", "no element ", offset);
  return *(after - 1);
}

}  // namespace triad::optim
