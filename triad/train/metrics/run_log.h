// What a run writes down while it trains: metrics.jsonl, TensorBoard events, and one line for a person.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "triad/train/metrics/tensorboard.h"
#include "triad/train/metrics/terminal_line.h"

namespace triad::train {

/// One logged step.
struct StepMetrics {
  std::string stage;
  int64_t step = 0;         ///< steps of this stage that are done
  int64_t stage_steps = 0;  ///< steps it will have
  double loss = 0;          ///< mean of the steps since the last logged one, and so are the parts of it
  double lr = 0;
  double samples_per_second = 0;
  double seconds = 0;                   ///< since the run began, pauses between resumes not counted
  double seconds_left = 0;              ///< until the end of the stage, at the present speed
  int world = 1;                        ///< ranks it was trained on
  std::map<std::string, double> parts;  ///< of the loss, and whatever else a stage measures
};

class RunLog {
 public:
  /// Opens the logs of the run in `dir`, behind what they hold.
  explicit RunLog(const std::filesystem::path& dir);

  /// Appends to metrics.jsonl and the event file. On a terminal, renews the progress line; elsewhere, writes one now and then
  /// and at the end of a stage. IoError if the disk refuses.
  void step(const StepMetrics& metrics);
  /// A line that stays, below the progress line.
  void note(std::string_view text);

 private:
  std::filesystem::path jsonl_path_;
  std::ofstream jsonl_;
  TensorBoardWriter tensorboard_;
  TerminalLine terminal_;
  std::optional<double> last_line_;  ///< when a progress line was written elsewhere, in seconds
};

/// Drops from metrics.jsonl in `dir` what a run wrote after the point it resumes from: lines of `stage` beyond `step`
/// and of the stages after it. A last line that was cut short is dropped as well.
void rewind_metrics(const std::filesystem::path& dir, std::string_view stage, int64_t step);

/// "align 120/600  loss 1.2345  lr 3.0e-04  412 samples/s  ETA 1:23".
std::string progress_line(const StepMetrics& metrics);

}  // namespace triad::train
