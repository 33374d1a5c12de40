#include <benchmark/benchmark.h>

#include "triad/core/cpu/wait_policy.h"

int main(int argc, char** argv) {
  triad::cpu::use_passive_wait(argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
