#include "triad/bench/kernels/kernel_timing.h"

#include <algorithm>
#include <cmath>

#include "triad/bench/measure/caches.h"
#include "triad/bench/measure/disturbance.h"
#include "triad/core/cpu/parallel.h"

namespace triad::bench {
namespace {

constexpr double kSampleSeconds = 2e-3;  // of a round, so that the clock's steps and the call around it do not show
constexpr int64_t kMostSets = 256;

double bytes_of(const ops::Tensors& tensors) {
  double sum = 0;
  for (const Tensor& t : tensors)
    if (t.defined()) sum += static_cast<double>(t.numel()) * static_cast<double>(size_of(t.dtype()));
  return sum;
}

/// Enough sets to fill the last cache four times, as far as memory allows: outputs, and what providers keep, come on top.
int64_t cold_sets(const Problem& problem) {
  constexpr double kShareOfMemory = 1.0 / 32;  // of what is free, for one provider
  const double free = available_memory_bytes();
  const double wanted = 4 * static_cast<double>(last_cache_bytes());
  const double set = std::max(1.0, bytes_of(problem.inputs) + bytes_of(problem.cotangents));
  return std::clamp(static_cast<int64_t>(std::ceil(std::min(wanted, kShareOfMemory * free) / set)), int64_t{1},
                    kMostSets);
}

/// A provider in the race.
struct Racer {
  KernelRow row;
  std::unique_ptr<Execution> execution;
  int64_t calls = 1;
};

/// Does f, or puts the provider out of the race.
template <class F>
void attempt(Racer& racer, const F& f) {
  if (!racer.row.error.empty()) return;
  try {
    f();
  } catch (const std::exception& e) {
    racer.row.error = e.what();
    racer.row.microseconds.clear();
  }
}

/// Right, warm, and with a number of calls for a sample; the error says what was wrong. Every set has its turn: memory that
/// is touched for the first time is cleared by the kernel, which takes longer than many a call.
void qualify(Racer& racer, const Problem& problem, int64_t sets) {
  const std::string fault = fault_of(problem, racer.execution->results());
  require<ValueError>(fault.empty(), problem.kernel.name(), racer.row.impl, " is wrong and not timed: ", fault);
  racer.execution->seconds(sets);
  const double once = std::max(racer.execution->seconds(1), 1e-7);
  racer.calls = std::max<int64_t>(1, std::llround(kSampleSeconds / once));
}

}  // namespace

std::string_view name_of(CacheMode mode) { return mode == CacheMode::cold ? "cold" : "hot"; }

Floor floor_of(const Problem& problem, const Machine& machine) {
  const MachineRates& rates = cpu::num_threads() == 1 ? machine.one : machine.all;
  const bool pairs = problem.kernel.dtype == DType::bf16 && problem.kernel.op->is_product;
  const Floor floors[] = {{1e6 * problem.bytes() / rates.copy_bytes, "memory"},
                          {1e6 * problem.flops() / (pairs ? rates.bf16_flops : rates.f32_flops), "arithmetic"},
                          {1e6 * machine.launch_seconds, "launch"}};
  return *std::max_element(std::begin(floors), std::end(floors),
                           [](const Floor& a, const Floor& b) { return a.microseconds < b.microseconds; });
}

KernelTiming time_kernel(const KernelCase& kernel, const std::vector<std::unique_ptr<Provider>>& providers,
                         const KernelTimingOptions& options, const Machine& machine) {
  const Problem problem = make_problem(kernel);
  KernelTiming timing{.name = kernel.name(),
                      .kernel = kernel.kernel(),
                      .dtype = kernel.dtype,
                      .mode = options.mode,
                      .threads = cpu::num_threads(),
                      .sets = 1,
                      .flops = problem.flops(),
                      .bytes = problem.bytes(),
                      .floor = floor_of(problem, machine),
                      .rows = {}};
  const int64_t sets = timing.sets = options.mode == CacheMode::cold ? cold_sets(problem) : 1;
  std::vector<Racer> racers;
  for (const auto& provider : providers) {
    Racer racer{.row = {.impl = provider->name(), .error = {}, .microseconds = {}}, .execution = {}};
    attempt(racer, [&] { racer.execution = provider->prepare(problem, sets); });
    if (!racer.execution && racer.row.error.empty()) continue;
    attempt(racer, [&] { qualify(racer, problem, sets); });
    racers.push_back(std::move(racer));
  }
  const Disturbance disturbance;
  for (int round = 0; round < options.rounds; ++round) {
    for (Racer& racer : racers) {
      attempt(racer, [&] {
        racer.execution->seconds(1);  // whoever ran before has left the caches to itself
        racer.row.microseconds.push_back(1e6 * racer.execution->seconds(racer.calls) /
                                         static_cast<double>(racer.calls));
      });
    }
  }
  constexpr double kBusy = 0.3;  // processors that others take
  timing.quiet = disturbance.quiet() && machine.background_load < kBusy;
  for (Racer& racer : racers) timing.rows.push_back(std::move(racer.row));
  return timing;
}

}  // namespace triad::bench
