// Gradients of a batch, in one piece or in several.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "triad/core/comm/communicator.h"
#include "triad/train/loop/stage.h"

namespace triad::train {

struct StepLoss {
  double total = 0;
  std::map<std::string, double> parts;
};

/// Called around each backward pass that reaches parameters; as often on every rank, with passes that do nothing on a rank with
/// fewer samples than pieces. `last`: none comes after it on this rank.
struct PassHooks {
  std::function<void(bool last)> before = [](bool) {};
  std::function<void()> after = [] {};
};

/// Adds the gradient of this rank's part of the loss of the loaded batch to the gradients of the parameters; the parts of all
/// ranks add up to the loss and its gradient. The rank's samples are cut into `pieces`, which bounds memory and changes
/// nothing else: terms over samples are sums divided by counts of the whole batch of all ranks, random numbers depend on the
/// position of a sample in it, and the contrastive loss sees all embeddings at once, in two passes with cached gradients
/// [arXiv:2101.06983]:
///   1. embeddings of all pieces, without a tape; the loss of all of them; its gradient g with respect to them;
///   2. piece by piece again, now with a tape, on (terms over samples) + sum(embeddings * g).
StepLoss accumulate_gradients(Stage& stage, int64_t pieces, const nn::Context& context, comm::Communicator& comm,
                              const PassHooks& hooks = {});

}  // namespace triad::train
