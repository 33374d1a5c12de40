// Losses of the batch of all ranks.
#pragma once

#include <vector>

#include "triad/core/comm/communicator.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/loop/stage.h"

namespace triad::train {

/// The terms with the counts of all ranks together: what sums are divided by.
std::vector<LossTerm> global_terms(std::vector<LossTerm> own, comm::Communicator& comm);

/// Adds up the parts of all ranks, which have the same names everywhere. With them travels whether a rank wants to stop:
/// returns whether any does, so that all stop after the same step.
bool sum_losses(StepLoss& loss, bool wants_to_stop, comm::Communicator& comm);

}  // namespace triad::train
