// A job that is queued again and again and never gets further is stopped.
#pragma once

#include <filesystem>
#include <string>

#include "triad/core/base/error.h"

namespace triad::train {

class NoProgressError : public Error {
  using Error::Error;
};

/// Notes in the run directory that a scheduler has started it at `place`, such as "text 300". NoProgressError when that is the
/// fourth start in a row at the same place. IoError if it cannot be noted.
void count_start(const std::filesystem::path& run, const std::string& place);

/// Whether a scheduler has started this job again: Slurm says so in SLURM_RESTART_COUNT.
bool is_restarted_job();

}  // namespace triad::train
