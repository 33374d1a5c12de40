#include "triad/bench/measure/machine.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

#include <unistd.h>

#include "triad/bench/measure/machine_peaks.h"
#include "triad/bench/measure/processor_ticks.h"
#include "triad/core/base/error.h"
#include "triad/core/cpu/parallel.h"

namespace triad::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The highest rate of several tries: what disturbs only makes them slower. They go on for long enough that the scheduler
/// has given each thread a processor, which takes it some tenths of a second after a rest. `work(thread)` does the same
/// amount of work on each of `threads` threads and returns it.
double best_rate(int threads, const std::function<double(int64_t thread)>& work) {
  constexpr int kTries = 7;
  constexpr double kSeconds = 0.3;
  double best = 0;
  std::vector<double> done(static_cast<size_t>(threads));
  const auto first_start = Clock::now();
  for (int i = 0; i < kTries || seconds_since(first_start) < kSeconds; ++i) {
    const auto start = Clock::now();
    cpu::parallel_for(threads, 1, [&](int64_t first, int64_t last) {
      for (int64_t t = first; t < last; ++t) done[static_cast<size_t>(t)] = work(t);
    });
    double total = 0;
    for (const double d : done) total += d;
    best = std::max(best, total / seconds_since(start));
  }
  return best;
}

/// Operations a second of a loop over registers, of which a try takes some 30 ms.
double peak(int threads, int64_t (*loop)(int64_t rounds, float& sink)) {
  constexpr int64_t kRounds = 4'000'000;
  return best_rate(threads, [loop](int64_t) {
    float sink = 0;
    const auto done = static_cast<double>(loop(kRounds, sink));
    volatile float kept = sink;
    static_cast<void>(kept);
    return done;
  });
}

double copy_rate(int threads) {
  constexpr size_t kBytes = size_t{64} << 20;  // each way and thread; caches hold a fraction
  std::vector<std::vector<char>> from, to;
  for (int t = 0; t < threads; ++t) {
    from.emplace_back(kBytes, char{1});
    to.emplace_back(kBytes, char{2});
  }
  return best_rate(threads, [&](int64_t t) {
    const auto at = static_cast<size_t>(t);
    std::memcpy(to[at].data(), from[at].data(), kBytes);
    return 2.0 * static_cast<double>(kBytes);
  });
}

MachineRates rates_of(int threads) {
  MachineRates rates{.f32_flops = peak(threads, &multiply_add_f32),
                     .bf16_flops = peak(threads, &multiply_add_bf16),
                     .copy_bytes = copy_rate(threads)};
  if (rates.bf16_flops == 0) rates.bf16_flops = rates.f32_flops;
  return rates;
}

double launch_time(int threads) {
  constexpr int kCalls = 2000;
  double best = 1;
  for (int i = 0; i < 5; ++i) {
    const auto start = Clock::now();
    for (int c = 0; c < kCalls; ++c) cpu::parallel_for(threads, 1, [](int64_t, int64_t) {});
    best = std::min(best, seconds_since(start) / kCalls);
  }
  return best;
}

double clock_rate() {
  constexpr int64_t kAdditions = 50'000'000;
  return best_rate(cpu::num_threads(),
                   [](int64_t t) {
                     volatile uint64_t kept = dependent_additions(kAdditions, static_cast<uint64_t>(t));
                     static_cast<void>(kept);
                     return static_cast<double>(kAdditions);
                   }) /
         cpu::num_threads();
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

}  // namespace

double background_load(double seconds) {
  const double before = processor_ticks().busy;
  const auto start = Clock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  return (processor_ticks().busy - before) / static_cast<double>(::sysconf(_SC_CLK_TCK)) / seconds_since(start);
}

Machine measure_machine() {
  const int threads = cpu::num_threads();
  Machine machine{.processor = processor_name(), .threads = threads};
  machine.background_load = background_load(0.2);
  machine.all = rates_of(threads);
  machine.one = rates_of(1);
  machine.launch_seconds = launch_time(threads);
  machine.clock_hz = clock_rate();
  return machine;
}

std::string summary_of(const Machine& m) {
  std::ostringstream out;
  out.precision(3);
  out << m.processor << ", " << m.threads << " threads at " << m.clock_hz / 1e9 << " GHz: " << m.all.f32_flops / 1e9
      << " GFLOP/s f32, " << m.all.bf16_flops / 1e9 << " bf16, copies " << m.all.copy_bytes / 1e9
      << " GB/s, starts the team in " << m.launch_seconds * 1e6 << " us; " << m.background_load
      << " processors busy with other things";
  return out.str();
}

}  // namespace triad::bench
