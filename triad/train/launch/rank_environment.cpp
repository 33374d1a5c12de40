#include "triad/train/launch/rank_environment.h"

#include <charconv>
#include <cstdlib>

#include "triad/core/base/error.h"

namespace triad::train {
namespace {

/// The variables of a launcher. Without a rank or a size it has not started this process.
struct Variables {
  const char *launcher, *rank, *size, *local_rank, *local_size;
  const char* required = nullptr;  ///< has to be set, too
};

constexpr Variables kLaunchers[] = {
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    {"MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"},
    // A batch script has SLURM_PROCID and SLURM_NTASKS too, but no step.
    {"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", nullptr, "SLURM_STEP_ID"},
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
};

std::optional<int> number(const Environment& environment, const char* name) {
  if (!name) return std::nullopt;
  const std::optional<std::string> text = environment(name);
  if (!text) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0)
    fail<ConfigError>("environment", name, " is '", *text, "', expected a number that is not negative");
  return value;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

std::vector<RankEnvironment> rank_environments(const Environment& environment) {
  std::vector<RankEnvironment> found;
  for (const Variables& v : kLaunchers) {
    if (v.required && !environment(v.required)) continue;
    const std::optional<int> rank = number(environment, v.rank), size = number(environment, v.size);
    if (!rank || !size) continue;
    if (*rank >= *size)
      fail<ConfigError>("environment", v.rank, " is ", *rank, ", but ", v.size, " says there are ", *size, " ranks");
    found.push_back({.launcher = str(v.launcher, " (", v.size, ")"),
                     .rank = *rank,
                     .size = *size,
                     .local_rank = number(environment, v.local_rank),
                     .local_size = number(environment, v.local_size)});
  }
  return found;
}

}  // namespace triad::train
