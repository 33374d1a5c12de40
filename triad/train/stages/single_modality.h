// Stage 1: each encoder alone, from its own unpaired pool.
#pragma once

#include <memory>

#include "triad/train/stages/loader_stage.h"

namespace triad::train {

/// Masked language modelling.                                                                       [arXiv:1810.04805]
std::unique_ptr<Stage> make_text_stage(const StageSetup& setup);
/// Masked image modelling.                                                                          [arXiv:2111.09886]
std::unique_ptr<Stage> make_image_stage(const StageSetup& setup);
/// Autoregressive and contrastive prediction, in both directions.               [arXiv:1904.03240, arXiv:1807.03748]
std::unique_ptr<Stage> make_speech_stage(const StageSetup& setup);

}  // namespace triad::train
