// Times the training steps of triad and, taking turns with them, those of PyTorch.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "triad/bench/measure/machine.h"
#include "triad/bench/measure/statistics.h"
#include "triad/core/base/dtype.h"

namespace triad::bench {

/// The program benches/peers/torch_steps.py and what runs it.
struct TorchPeer {
  std::string python = "python3";
  std::filesystem::path script;
  std::vector<std::string> modes = {"eager", "compile"};
};

struct StepTimingOptions {
  double dropout = 0.1;
  int warmup = 3;
  int steps = 12;
  std::optional<TorchPeer> peer;
};

/// What a peer made of the same step. Its error, where it could not do it, is reported and never dropped.
struct PeerTiming {
  std::string mode;
  std::string version;
  std::string error;
  std::vector<double> milliseconds;
  double loss = 0;  ///< of the first step without dropout, from the same weights and batch
  double peak_megabytes = 0;
};

struct StepTiming {
  std::string name;
  DType dtype = DType::f32;
  std::vector<double> milliseconds;
  double loss = 0;  ///< of the first step without dropout
  double peak_megabytes = 0;
  bool quiet = true;  ///< see Disturbance
  int64_t parameters = 0;
  double flops = 0;
  double floor_milliseconds = 0;  ///< see floor_of()
  std::vector<PeerTiming> peers;

  /// The peer with the shortest median, null if none did the step.
  const PeerTiming* best_peer() const;
};

/// The least time a step can take on a machine, in seconds: its operations in products at the peak of the dtype, and the
/// 28 bytes that AdamW moves for each parameter, at the speed of a copy. Norms, activations, dropout and losses are free.
double floor_of(double flops, int64_t parameters, DType dtype, const Machine& machine);

/// Times one step. Ours and each mode of the peer take turns, so that what disturbs the machine disturbs all; a turn is two
/// steps, of which the second counts.
/// ValueError if a loss differs: by more than 1e-5 of it in f32, or 2e-2 in bf16, before any update and without dropout.
StepTiming time_step(const std::string& name, DType dtype, const StepTimingOptions& options, const Machine& machine);

/// {"case", "dtype", "ours_ms", "peer_ms", "ratio", "low", "high", "floor_ms", …}; what no peer has done is absent.
nlohmann::json to_json(const StepTiming& timing);
/// The head of a table for people, and a line of it.
std::string step_table_head();
std::string step_table_line(const StepTiming& timing);

}  // namespace triad::bench
