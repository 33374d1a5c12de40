#include "triad/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

Tensor view_of(const Tensor& flat, int64_t first, int64_t count) {
  return Tensor(flat.storage(), flat.dtype(), {count}, {1}, first);
}

}  // namespace

Optimizer::Optimizer(Arena& arena, const OptimizerOptions& options, std::optional<Shard> shard)
    : arena_(arena), options_(options) {
  require<ValueError>(!shard || options.kind != Kind::lamb, "Optimizer",
                      "LAMB looks at whole layers and cannot update a part of the parameters",
                      Hint{"parallel.zero: 0, or adamw"});
  shard_ = shard ? std::move(*shard) : Shard{.ranges = {{0, arena.numel()}}};
  int64_t owned = 0;
  for (const ArenaRange& range : shard_.ranges) owned += range.count;
  const std::vector<std::string> names = options.kind == Kind::sgd
                                             ? std::vector<std::string>{"momentum"}
                                             : std::vector<std::string>{"first_moment", "second_moment"};
  for (const std::string& name : names) states_.push_back({name, zeros({owned}, DType::f32, arena.values().device())});
}

double Optimizer::gradient_norm() const {
  if (!shard_.sum_over_ranks) return ops::gradient_norm(arena_.gradients());
  double squares = 0;
  for (const ArenaRange& range : shard_.ranges) {
    const double norm = ops::gradient_norm(view_of(arena_.gradients(), range.first, range.count));
    squares += norm * norm;
  }
  return std::sqrt(shard_.sum_over_ranks(squares));
}

void Optimizer::refuse_gradient() const {
  const Hint hint{"lower the learning rate, lengthen the warm-up, or compute in f32 instead of bf16"};
  for (const ArenaRange& range : shard_.ranges) {
    const int64_t at = ops::first_non_finite(view_of(arena_.gradients(), range.first, range.count));
    if (at >= 0)
      fail<NumericError>("Optimizer", "the gradient of ", arena_.slice_at(range.first + at).name,
                         " is not finite; no parameter was changed", hint);
  }
  fail<NumericError>("Optimizer", "a gradient that another rank owns is not finite; no parameter was changed", hint);
}

double Optimizer::step(double lr) {
  arena_.check_parameters();
  const double norm = gradient_norm();
  if (!std::isfinite(norm)) refuse_gradient();
  const double scale = options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1;
  ++steps_;
  int64_t state_first = 0;
  for (const ArenaRange& range : shard_.ranges) {
    update(range, state_first, lr, scale);
    state_first += range.count;
  }
  return norm;
}

void Optimizer::update(const ArenaRange& range, int64_t state_first, double lr, double gradient_scale) {
  const OptimizerOptions& o = options_;
  const auto state = [&](size_t i) { return view_of(states_[i].values, state_first, range.count); };
  const int64_t decayed = std::clamp<int64_t>(arena_.decayed() - range.first, 0, range.count);
  Tensor values = view_of(arena_.values(), range.first, range.count);
  const Tensor gradients = view_of(arena_.gradients(), range.first, range.count);
  Tensor first = state(0), second = states_.size() > 1 ? state(1) : Tensor();
  switch (o.kind) {
    case Kind::adamw:
      ops::adamw_step(values, gradients, first, second,
                      {.lr = lr,
                       .beta1 = o.beta1,
                       .beta2 = o.beta2,
                       .eps = o.eps,
                       .weight_decay = o.weight_decay,
                       .step = steps_,
                       .gradient_scale = gradient_scale,
                       .decayed = decayed});
      break;
    case Kind::lamb:
      ops::lamb_step(values, gradients, first, second, layers_of(arena_),
                     {.lr = lr,
                      .beta1 = o.beta1,
                      .beta2 = o.beta2,
                      .eps = o.eps,
                      .weight_decay = o.weight_decay,
                      .step = steps_,
                      .gradient_scale = gradient_scale});
      break;
    case Kind::sgd:
      ops::sgd_step(values, gradients, first,
                    {.lr = lr,
                     .momentum = o.momentum,
                     .weight_decay = o.weight_decay,
                     .gradient_scale = gradient_scale,
                     .decayed = decayed});
      break;
  }
}

std::vector<OptimizerState> Optimizer::states() const {
  if (!shard_.sum_over_ranks) return states_;
  std::vector<OptimizerState> spread;
  for (const OptimizerState& state : states_) {
    spread.push_back({state.name, zeros({arena_.numel()}, DType::f32, state.values.device())});
    int64_t from = 0;
    for (const ArenaRange& range : shard_.ranges) {
      Tensor to = view_of(spread.back().values, range.first, range.count);
      copy_into(to, view_of(state.values, from, range.count));
      from += range.count;
    }
  }
  return spread;
}

void Optimizer::restore(int64_t steps, const std::vector<OptimizerState>& states) {
  require<ValueError>(states.size() == states_.size(), "Optimizer", states.size(), " states to go on from, expected ",
                      states_.size());
  for (size_t i = 0; i < states.size(); ++i) {
    require<ValueError>(states[i].name == states_[i].name, "Optimizer", "a state '", states[i].name, "', expected '",
                        states_[i].name, "'");
    check_shape("Optimizer", states[i].name, states[i].values, {arena_.numel()});
  }
  for (size_t i = 0; i < states.size(); ++i) {
    int64_t to_first = 0;
    for (const ArenaRange& range : shard_.ranges) {
      Tensor to = view_of(states_[i].values, to_first, range.count);
      copy_into(to, view_of(states[i].values, range.first, range.count));
      to_first += range.count;
    }
  }
  steps_ = steps;
}

}  // namespace triad::optim
