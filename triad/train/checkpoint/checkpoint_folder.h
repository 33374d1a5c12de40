// The folder of a run's checkpoints, "STAGE-STEP.h5".
//
// A checkpoint is good if it can be read: it is whole, and of this program's schema. The newest good one is the good one
// that is furthest along, by the order of stages and then by step: a run goes on from it, is measured by it and embeds with
// it. A damaged one is passed over, with a word on standard error, and never takes the place of a good one: a run keeps the
// newest good ones of each stage, however many damaged ones there are, and what lies ahead of it until it gets there and
// writes it anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triad::train {

/// "STAGE-STEP.h5" in `dir`.
std::filesystem::path checkpoint_path(const std::filesystem::path& dir, const std::string& stage, int64_t step);
/// The stage in the name of a checkpoint. IoError for another name.
std::string_view stage_of(const std::filesystem::path& checkpoint);

/// Checkpoints in `dir`, good or not, the one that is furthest along first.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& dir);

/// Steps of `stage` that were trained, by the names of its checkpoints; 0 without any.
int64_t steps_trained(const std::filesystem::path& dir, std::string_view stage);

/// The newest good one.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir);
/// The same among the checkpoints of `stage`.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& dir, std::string_view stage);

/// `path` itself if it is a file, the newest good checkpoint of the run directory `path` otherwise. IoError if there is
/// none.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& path);

/// Deletes the checkpoints of `stage` that are older than its `keep` newest good ones.
void remove_old_checkpoints(const std::filesystem::path& dir, std::string_view stage, int64_t keep);

}  // namespace triad::train
