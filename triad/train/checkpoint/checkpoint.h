// Everything a run needs to go on as if it had never stopped, in one HDF5 file:
//   /parameters/NAME               every parameter of the model, f32
//   /optimizer/STATE/NAME          every array of the optimizer, cut into the parameters it belongs to
//   attributes of the root         schema, stage, step, optimizer_steps, seconds, loaders
// Tensors are stored by name, so a checkpoint does not depend on the layout of the arena.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "triad/autograd/parameter.h"
#include "triad/optim/arena.h"
#include "triad/optim/optimizer.h"

namespace triad::train {

/// Where a run stands.
struct Progress {
  std::string stage;
  int64_t step = 0;             ///< steps of the stage that are done
  double seconds = 0;           ///< the run has taken so far
  std::string loaders;          ///< state of the stage's loaders, as JSON
};

/// Writes under a temporary name, syncs, renames: what was at `file` stays until the new content is whole. IoError.
void save_checkpoint(const std::filesystem::path& file, const std::vector<NamedParameter>& parameters,
                     const optim::Arena& arena, optim::Optimizer& optimizer, const Progress& progress);

/// What a checkpoint says about itself. IoError naming file and place if it is damaged or of another schema.
Progress read_progress(const std::filesystem::path& file);

/// Overwrites the parameters. IoError naming file and parameter if one is missing or of another shape; none is changed
/// then.
void load_parameters(const std::filesystem::path& file, const std::vector<NamedParameter>& parameters);

/// Overwrites the state of the optimizer of the same parameters. IoError as above.
void load_optimizer(const std::filesystem::path& file, const optim::Arena& arena, optim::Optimizer& optimizer);

/// "STAGE-STEP.h5" in `dir`.
std::filesystem::path checkpoint_path(const std::filesystem::path& dir, const std::string& stage, int64_t step);

/// The checkpoint that is furthest along and whole; damaged ones are passed over, with a word on standard error. The order
/// of stages is that of kStageNames.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir);
/// The same among the checkpoints of `stage`.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir, std::string_view stage);

/// Deletes all but the `keep` newest checkpoints of `stage`.
void remove_old_checkpoints(const std::filesystem::path& dir, const std::string& stage, int64_t keep);

/// Names of tensors in two checkpoints that are missing in one or differ in any bit.
std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace triad::train
