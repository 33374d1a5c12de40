#include "triad/train/checkpoint/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <iostream>

#include "triad/core/base/error.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/config/recipe.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;

/// Stage and step of a file name; nothing for other files.
std::optional<std::pair<size_t, int64_t>> parse_name(const fs::path& file) {
  const std::string stem = file.stem().string();
  const size_t dash = stem.rfind('-');
  if (file.extension() != ".h5" || dash == std::string::npos) return std::nullopt;
  const auto stage = std::find(kStageNames.begin(), kStageNames.end(), stem.substr(0, dash));
  int64_t step = 0;
  const auto [end, error] = std::from_chars(stem.data() + dash + 1, stem.data() + stem.size(), step);
  if (stage == kStageNames.end() || error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  return std::pair{static_cast<size_t>(stage - kStageNames.begin()), step};
}

/// What is wrong with a checkpoint that is not good.
std::optional<std::string> damage_of(const fs::path& file) {
  try {
    read_progress(file);
    return std::nullopt;
  } catch (const IoError& e) {
    return e.what();
  }
}

}  // namespace

fs::path checkpoint_path(const fs::path& dir, const std::string& stage, int64_t step) {
  return dir / str(stage, "-", step, ".h5");
}

std::string_view stage_of(const fs::path& checkpoint) {
  const auto place = parse_name(checkpoint);
  require<IoError>(place.has_value(), checkpoint.string(), "is not named STAGE-STEP.h5");
  return kStageNames[place->first];
}

std::vector<fs::path> list_checkpoints(const fs::path& dir) {
  std::vector<std::pair<std::pair<size_t, int64_t>, fs::path>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (const auto place = parse_name(entry.path())) found.emplace_back(*place, entry.path());
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<fs::path> files;
  for (auto& [place, file] : found) files.push_back(std::move(file));
  return files;
}

int64_t steps_trained(const fs::path& dir, std::string_view stage) {
  for (const fs::path& file : list_checkpoints(dir)) {
    if (stage_of(file) == stage) return parse_name(file)->second;
  }
  return 0;
}

std::optional<fs::path> newest_checkpoint(const fs::path& dir) { return newest_checkpoint(dir, ""); }

std::optional<fs::path> newest_checkpoint(const fs::path& dir, std::string_view stage) {
  for (const fs::path& file : list_checkpoints(dir)) {
    if (!stage.empty() && stage_of(file) != stage) continue;
    const std::optional<std::string> damage = damage_of(file);
    if (!damage) return file;
    std::cerr << "triad: passing over a damaged checkpoint: " << *damage << '\n';
  }
  return std::nullopt;
}

fs::path resolve_checkpoint(const fs::path& path) {
  if (!fs::is_directory(path)) return path;
  if (const auto newest = newest_checkpoint(path / "checkpoints")) return *newest;
  require<IoError>(list_checkpoints(path / "checkpoints").empty(), path.string(), "holds no checkpoint that is whole");
  fail<IoError>(path.string(), "holds no checkpoint", Hint{"is it a run directory of `triad pretrain`?"});
}

void remove_old_checkpoints(const fs::path& dir, std::string_view stage, int64_t keep) {
  int64_t good = 0;
  for (const fs::path& file : list_checkpoints(dir)) {
    if (stage_of(file) != stage) continue;
    if (good >= keep) fs::remove(file);
    else if (!damage_of(file)) ++good;
  }
}

}  // namespace triad::train
