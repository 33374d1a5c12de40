#include "benches/harness/sample_bench.h"

#include <benchmark/benchmark.h>

#include "triad/autograd/grad_mode.h"

namespace triad::bench {
namespace {

void run(benchmark::State& state, const ops::Sample& sample) {
  const NoGrad no_tape;
  ops::Tensors inputs;
  for (const Tensor& t : sample.inputs)
    inputs.push_back(t.defined() && t.dtype() == DType::f64 ? clone_as(t, DType::f32) : t);
  for (auto _ : state) benchmark::DoNotOptimize(sample.run(inputs));
  const auto rate = [](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  if (sample.flops > 0) state.counters["FLOP"] = rate(sample.flops);
  if (sample.min_bytes > 0) state.counters["B"] = rate(sample.min_bytes);
}

}  // namespace

void register_sample(const std::string& name, ops::Sample sample) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [sample = std::move(sample)](benchmark::State& state) { run(state, sample); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace triad::bench
