// Stages 2 and 3: samples of which several modalities are known.
#pragma once

#include <memory>

#include "triad/train/stages/loader_stage.h"

namespace triad::train {

/// Stage 2: contrastive alignment of all three encoders in the shared space.
std::unique_ptr<Stage> make_align_stage(const StageSetup& setup);
/// Stage 3: alignment and question answering together.
std::unique_ptr<Stage> make_joint_stage(const StageSetup& setup);

}  // namespace triad::train
