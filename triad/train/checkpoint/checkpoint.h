// Everything a run needs to go on as if it had never stopped, in one HDF5 file:
//   /parameters/NAME               every parameter of the model, f32
//   /optimizer/STATE/NAME          every array of the optimizer, cut into the parameters it belongs to
//   attributes of the root         schema, stage, step, optimizer_steps, seconds, loaders, losses, data_name,
//                                  data_fingerprint, data_vocabulary
// Tensors are stored by name, so a checkpoint does not depend on the layout of the arena. Behind the HDF5 file stands a
// checksum of all of it (data::seal), which is checked before anything is read: damage anywhere is an IoError.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "triad/autograd/parameter.h"
#include "triad/data/formats/safetensors.h"
#include "triad/data/shards/manifest.h"
#include "triad/optim/arena.h"
#include "triad/optim/optimizer.h"

namespace triad::train {

/// Where a run stands.
struct Progress {
  std::string stage;
  int64_t step = 0;         ///< steps of the stage that are done
  double seconds = 0;       ///< the run has taken so far
  std::string loaders;      ///< state of the stage's loaders, as JSON
  std::string losses;       ///< since the last logged step, as JSON
  data::DataIdentity data;  ///< what it is trained on
};

/// The optimizer in a checkpoint.
struct SavedOptimizer {
  int64_t steps = 0;
  std::vector<optim::OptimizerState> states;  ///< of all parameters
};

/// Writes under a temporary name, syncs, renames: what was at `file` stays until the new content is whole. IoError.
void save_checkpoint(const std::filesystem::path& file, const std::vector<NamedParameter>& parameters,
                     const optim::Arena& arena, const SavedOptimizer& optimizer, const Progress& progress);

/// What a checkpoint says about itself. IoError naming file and place if it is damaged, of another schema or no checkpoint.
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

/// The parameters of a checkpoint as a safetensors file, with what is known of them as metadata: stage, step, the data set
/// and, where the checkpoint lies in a run directory whose config.yaml can be read, recipe. IoError.
void export_parameters(const std::filesystem::path& checkpoint, const std::filesystem::path& out);

/// The data set that the weights in a checkpoint or in an exported safetensors file were trained on; nothing where a
/// safetensors file does not say. IoError.
std::optional<data::DataIdentity> data_of(const std::filesystem::path& file);

/// The states of these names of the optimizer of the same parameters. IoError as above.
SavedOptimizer read_optimizer(const std::filesystem::path& file, const optim::Arena& arena,
                              const std::vector<std::string>& states);

/// Of a checkpoint: the weights, or the state of the optimizer too.
enum class Content { weights, everything };

/// Names of tensors in two checkpoints that are missing in one or differ in any bit. A safetensors file stands for the
/// weights of a checkpoint; ConfigError where more is asked of it.
std::vector<std::string> differing_tensors(const std::filesystem::path& a, const std::filesystem::path& b,
                                           Content content);

}  // namespace triad::train
