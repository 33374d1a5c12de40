#include "triad/bench/steps/step_timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include <nlohmann/json.hpp>

#include "triad/bench/measure/disturbance.h"
#include "triad/bench/measure/formatted.h"
#include "triad/bench/measure/peak_memory.h"
#include "triad/bench/peers/peer_process.h"
#include "triad/bench/peers/temporary_file.h"
#include "triad/bench/steps/training_step.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/device/allocator.h"
#include "triad/data/formats/safetensors.h"

namespace triad::bench {
namespace {

constexpr uint64_t kSeed = 1;

/// Weights by their names, inputs as "batch.NAME".
void write_step(StepModel& model, const std::filesystem::path& file) {
  data::TensorMap tensors;
  for (const NamedParameter& p : nn::parameters_of(model)) tensors[p.name] = p.parameter->value().detach();
  for (const NamedTensor& input : model.batch()) tensors["batch." + input.name] = input.value;
  data::write_safetensors(file, tensors);
}

/// A mode of the peer that is ready for its next step, or has failed.
class Opponent {
 public:
  Opponent(const TorchPeer& peer, const std::string& mode) {
    timing_.mode = mode;
    attempt([&] {
      process_ = std::make_unique<PeerProcess>(std::vector<std::string>{peer.python, peer.script.string()},
                                               "name a Python that has PyTorch with --python");
    });
  }

  void load(const std::string& name, DType dtype, double dropout, const std::filesystem::path& tensors) {
    attempt([&] {
      const nlohmann::json answer = process_->ask({{"case", name},
                                                   {"dtype", name_of(dtype)},
                                                   {"mode", timing_.mode},
                                                   {"threads", cpu::num_threads()},
                                                   {"dropout", dropout},
                                                   {"tensors", tensors.string()}});
      timing_.version = answer.at("torch");
    });
  }
  /// The loss; NaN once it has failed.
  double step() {
    double loss = std::nan("");
    attempt([&] {
      const nlohmann::json answer = process_->ask({{"step", true}});
      milliseconds_ = answer.at("ms");
      timing_.peak_megabytes = answer.at("peak_rss_mb");
      loss = answer.at("loss");
    });
    return loss;
  }
  void timed_step() {
    step();
    if (timing_.error.empty()) timing_.milliseconds.push_back(milliseconds_);
  }

  PeerTiming& timing() { return timing_; }

 private:
  template <class F>
  void attempt(const F& f) {
    if (!timing_.error.empty()) return;
    try {
      f();
    } catch (const std::exception& e) {
      timing_.error = e.what();
      timing_.milliseconds.clear();
    }
  }

  std::unique_ptr<PeerProcess> process_;
  PeerTiming timing_;
  double milliseconds_ = 0;
};

void check_losses(const StepTiming& timing) {
  const double tolerance = timing.dtype == DType::f32 ? 1e-5 : 2e-2;
  for (const PeerTiming& peer : timing.peers) {
    if (!peer.error.empty()) continue;
    require<ValueError>(std::abs(peer.loss - timing.loss) <= tolerance * std::abs(peer.loss), "bench steps",
                        timing.name, " in ", timing.dtype, ": the loss is ", timing.loss, ", that of torch (",
                        peer.mode, ") ", peer.loss, ": they do not do the same work");
  }
}

double milliseconds_of(TrainingStep& step) {
  const auto start = std::chrono::steady_clock::now();
  step.run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

const PeerTiming* StepTiming::best_peer() const {
  const PeerTiming* best = nullptr;
  for (const PeerTiming& p : peers) {
    if (p.milliseconds.empty()) continue;
    if (!best || quantile(p.milliseconds, 0.5) < quantile(best->milliseconds, 0.5)) best = &p;
  }
  return best;
}

double floor_of(double flops, int64_t parameters, DType dtype, const Machine& machine) {
  constexpr double kAdamWBytes = 28;
  const double peak = dtype == DType::bf16 ? machine.all.bf16_flops : machine.all.f32_flops;
  return flops / peak + kAdamWBytes * static_cast<double>(parameters) / machine.all.copy_bytes;
}

StepTiming time_step(const std::string& name, DType dtype, const StepTimingOptions& options, const Machine& machine) {
  StepTiming timing{.name = name, .dtype = dtype};
  std::vector<std::unique_ptr<Opponent>> opponents;
  if (options.peer) {
    for (const std::string& mode : options.peer->modes)
      opponents.push_back(std::make_unique<Opponent>(*options.peer, mode));
  }

  const TemporaryFile tensors("triad-step.safetensors");
  {
    TrainingStep step(name, dtype, /*dropout=*/0, kSeed);
    if (options.peer) write_step(step.model(), tensors.path());
    timing.parameters = step.parameters();
    timing.flops = step.model().flops();
    timing.loss = step.run();
  }
  timing.floor_milliseconds = 1e3 * floor_of(timing.flops, timing.parameters, dtype, machine);
  for (const auto& opponent : opponents) {
    opponent->load(name, dtype, /*dropout=*/0, tensors.path());
    opponent->timing().loss = opponent->step();
    opponent->load(name, dtype, options.dropout, tensors.path());
    timing.peers.push_back(opponent->timing());
  }
  check_losses(timing);

  allocator(kCpu).release_cached();
  reset_peak_memory();
  TrainingStep step(name, dtype, options.dropout, kSeed);
  for (int i = 0; i < options.warmup; ++i) {
    step.run();
    for (const auto& opponent : opponents) opponent->step();
  }
  // In training a step follows a step: the first of each turn finds the caches, and its threads, as others have left them.
  const bool takes_turns = !opponents.empty();
  const Disturbance disturbance;
  for (int i = 0; i < options.steps; ++i) {
    if (takes_turns) step.run();
    timing.milliseconds.push_back(milliseconds_of(step));
    for (const auto& opponent : opponents) {
      opponent->step();
      opponent->timed_step();
    }
  }
  timing.peak_megabytes = peak_memory_megabytes();
  // Beside a peer, threads of both wait for the other's turn to end.
  timing.quiet = takes_turns ? disturbance.stolen() < 0.02 && disturbance.waited() < 0.1 : disturbance.quiet();
  for (size_t i = 0; i < opponents.size(); ++i) timing.peers[i] = opponents[i]->timing();
  return timing;
}

nlohmann::json to_json(const StepTiming& t) {
  const Spread ours = spread_of(t.milliseconds);
  nlohmann::json row = {{"case", t.name},
                        {"dtype", name_of(t.dtype)},
                        {"ours_ms", ours.median},
                        {"ours_quartiles_ms", {ours.lower, ours.upper}},
                        {"floor_ms", t.floor_milliseconds},
                        {"gflop", t.flops / 1e9},
                        {"parameters", t.parameters},
                        {"loss", t.loss},
                        {"peak_mb", t.peak_megabytes},
                        {"quiet", t.quiet}};
  for (const PeerTiming& p : t.peers) {
    nlohmann::json& peer = row["peers"][p.mode];
    peer = {{"torch", p.version}};
    if (!p.error.empty()) peer["error"] = p.error;
    else peer.update({{"ms", quantile(p.milliseconds, 0.5)}, {"loss", p.loss}, {"peak_mb", p.peak_megabytes}});
  }
  if (const PeerTiming* best = t.best_peer()) {
    const Ratio ratio = paired_ratio(t.milliseconds, best->milliseconds);
    row.update({{"peer", best->mode},
                {"peer_ms", quantile(best->milliseconds, 0.5)},
                {"peer_peak_mb", best->peak_megabytes},
                {"ratio", ratio.median},
                {"low", ratio.low},
                {"high", ratio.high},
                {"verdict", name_of(verdict_of(ratio))}});
  }
  return row;
}

std::string step_table_head() {
  return formatted("%-12s %-5s %9s %9s %7s  %9s %-8s %-22s %8s %8s", "step", "dtype", "ours ms", "floor ms", "floor",
                   "torch ms", "mode", "ours / torch", "ours MB", "torch MB");
}

std::string step_table_line(const StepTiming& t) {
  const double ours = quantile(t.milliseconds, 0.5);
  std::string line = formatted("%-12s %-5s %9.1f %9.1f %6.0f%%", t.name.c_str(), std::string(name_of(t.dtype)).c_str(),
                               ours, t.floor_milliseconds, 100 * t.floor_milliseconds / ours);
  const PeerTiming* best = t.best_peer();
  const std::string mark = t.quiet ? "" : " (disturbed)";
  if (!best) return line + formatted("  %9s %-8s %-22s %8.0f", "", "", "", t.peak_megabytes) + mark;
  const Ratio ratio = paired_ratio(t.milliseconds, best->milliseconds);
  const std::string interval = formatted("%.3f [%.3f, %.3f]", ratio.median, ratio.low, ratio.high);
  return line +
         formatted("  %9.1f %-8s %-22s %8.0f %8.0f %s", quantile(best->milliseconds, 0.5), best->mode.c_str(),
                   interval.c_str(), t.peak_megabytes, best->peak_megabytes,
                   std::string(name_of(verdict_of(ratio))).c_str()) +
         mark;
}

}  // namespace triad::bench
