#include "triad/optim/optimizer.h"

#include <cmath>

#include "triad/ops/optimizer/adamw.h"
#include "triad/ops/optimizer/gradient_norm.h"
#include "triad/ops/optimizer/lamb.h"
#include "triad/ops/optimizer/sgd.h"

namespace triad::optim {
namespace {

using Kind = OptimizerOptions::Kind;

std::vector<ops::LambLayer> layers_of(const Arena& arena) {
  std::vector<ops::LambLayer> layers;
  for (const Arena::Slice& slice : arena.slices())
    layers.push_back({slice.offset, slice.numel, slice.offset < arena.decayed()});
  return layers;
}

[[noreturn]] void refuse_gradient(const Arena& arena, const Tensor& gradients) {
  const Arena::Slice& slice = arena.slice_at(ops::first_non_finite(gradients));
  fail<ValueError>("Optimizer", "the gradient of ", slice.name, " is not finite; no parameter was changed",
                   Hint{"lower the learning rate, lengthen the warm-up, or compute in f32 instead of bf16"});
}

}  // namespace

Optimizer::Optimizer(Arena& arena, const OptimizerOptions& options) : arena_(arena), options_(options) {
  const std::vector<std::string> names = options.kind == Kind::sgd
                                             ? std::vector<std::string>{"momentum"}
                                             : std::vector<std::string>{"first_moment", "second_moment"};
  for (const std::string& name : names)
    states_.push_back({name, zeros({arena.numel()}, DType::f32, arena.values().device())});
}

double Optimizer::step(double lr) {
  arena_.check_parameters();
  const OptimizerOptions& o = options_;
  const double norm = ops::gradient_norm(arena_.gradients());
  if (!std::isfinite(norm)) refuse_gradient(arena_, arena_.gradients());
  const double scale = o.clip_norm > 0 && norm > o.clip_norm ? o.clip_norm / norm : 1;
  ++steps_;
  Tensor& values = arena_.values();
  const Tensor& gradients = arena_.gradients();
  switch (o.kind) {
    case Kind::adamw:
      ops::adamw_step(values, gradients, states_[0].values, states_[1].values,
                      {.lr = lr,
                       .beta1 = o.beta1,
                       .beta2 = o.beta2,
                       .eps = o.eps,
                       .weight_decay = o.weight_decay,
                       .step = steps_,
                       .gradient_scale = scale,
                       .decayed = arena_.decayed()});
      break;
    case Kind::lamb:
      ops::lamb_step(values, gradients, states_[0].values, states_[1].values, layers_of(arena_),
                     {.lr = lr,
                      .beta1 = o.beta1,
                      .beta2 = o.beta2,
                      .eps = o.eps,
                      .weight_decay = o.weight_decay,
                      .step = steps_,
                      .gradient_scale = scale});
      break;
    case Kind::sgd:
      ops::sgd_step(values, gradients, states_[0].values,
                    {.lr = lr,
                     .momentum = o.momentum,
                     .weight_decay = o.weight_decay,
                     .gradient_scale = scale,
                     .decayed = arena_.decayed()});
      break;
  }
  return norm;
}

}  // namespace triad::optim
