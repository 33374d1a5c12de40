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
#include "triad/data/formats/safetensors.h"
#include "triad/optim/arena.h"
#include "triad/optim/optimizer.h"

namespace triad::train {

/// Where a run stands.
struct Progress {
  std::string stage;
  int64_t step = 0;     ///< steps of the stage that are done
  double seconds = 0;   ///< the run has taken so far
  std::string loaders;  ///< state of the stage's loaders, as JSON
};

/// Writes under a temporary name, syncs, renames: what was at `file` stays until the new content is whole. IoError.
void save_checkpoint(const std::filesystem::path& file, const std::vector<NamedParameter>& parameters,
                     const optim::Arena& arena, optim::Optimizer& optimizer, const Progress& progress);

/// What a checkpoint says about itself. IoError naming file and place if it is damaged or of another schema.
Progress read_progress(const std::filesystem::path& file);

/// Every parameter in a checkpoint, by name. IoError as above.
data::TensorMap read_parameters(const std::filesystem::path& file);

/// Overwrites the parameters with the tensors of their names, converted to f32. IoError naming `source` and parameter if a
/// tensor is missing, of another shape or not of floating point; none is changed then. Tensors without a parameter are
/// passed over.
void assign_parameters(const std::string& source, const data::TensorMap& tensors,
                       const std::vector<NamedParameter>& parameters);

/// assign_parameters() from a checkpoint, or from a safetensors file, which ends in ".safetensors".
void load_parameters(const std::filesystem::path& file, const std::vector<NamedParameter>& parameters);

/// The parameters of a checkpoint as a safetensors file, with what is known of them as metadata: stage, step and, where
/// the checkpoint lies in a run directory, recipe. IoError.
void export_parameters(const std::filesystem::path& checkpoint, const std::filesystem::path& out);

/// Overwrites the state of the optimizer of the same parameters. IoError as above.
void load_optimizer(const std::filesystem::path& file, const optim::Arena& arena, optim::Optimizer& optimizer);

/// "STAGE-STEP.h5" in `dir`.
std::filesystem::path checkpoint_path(const std::filesystem::path& dir, const std::string& stage, int64_t step);

/// Checkpoints in `dir`, the one that is furthest along first. The order of stages is that of kStageNames.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& dir);

/// The checkpoint that is furthest along and whole; damaged ones are passed over, with a word on standard error.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir);
/// The same among the checkpoints of `stage`.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir, std::string_view stage);

/// Whether there is a checkpoint of `stage`, whole or not.
bool was_trained(const std::filesystem::path& dir, std::string_view stage);

/// `path` itself if it is a file, the newest checkpoint of the run directory `path` otherwise. IoError if there is none.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& path);

/// Deletes all but the `keep` newest checkpoints of `stage`.
void remove_old_checkpoints(const std::filesystem::path& dir, const std::string& stage, int64_t keep);

/// Of a checkpoint: the weights, or the state of the optimizer too.
enum class Content { weights, everything };

/// Names of tensors in two checkpoints that are missing in one or differ in any bit.
std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b,
                                           Content content);

}  // namespace triad::train
