// Times a case with every provider that does it, in turns, after all have shown the right result.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "triad/bench/kernels/provider.h"
#include "triad/bench/measure/machine.h"

namespace triad::bench {

/// cold: so many sets of inputs in turn that no call finds its own in a cache. hot: one set, over and over.
enum class CacheMode { cold, hot };
std::string_view name_of(CacheMode mode);

struct KernelTimingOptions {
  CacheMode mode = CacheMode::cold;
  int rounds = 25;  ///< samples of each provider, taken in turns
};

/// What one provider made of a case. One that was wrong or failed has an error and no times.
struct KernelRow {
  std::string impl;
  std::string error;
  std::vector<double> microseconds;  ///< of a call, one a round
};

/// What a case cannot be faster than on a machine.
struct Floor {
  double microseconds = 0;
  std::string bound;  ///< "memory", "arithmetic" or "launch", whichever takes longest
};
/// Bytes at the speed of a copy, operations at the peak of the processor (of bf16 pairs for products in bf16), or the start of
/// the team, if that takes longer.
Floor floor_of(const Problem& problem, const Machine& machine);

struct KernelTiming {
  std::string name;
  std::string kernel;
  DType dtype = DType::f32;
  CacheMode mode = CacheMode::cold;
  int threads = 1;
  int64_t sets =
      1;  ///< of inputs, used in turn: what they hold together has to leave the caches before it is used again
  double flops = 0, bytes = 0;
  Floor floor;
  bool quiet = true;  ///< nothing was seen to disturb the machine
  std::vector<KernelRow> rows;
};

/// Providers without the case are left out.
KernelTiming time_kernel(const KernelCase& kernel, const std::vector<std::unique_ptr<Provider>>& providers,
                         const KernelTimingOptions& options, const Machine& machine);

}  // namespace triad::bench
