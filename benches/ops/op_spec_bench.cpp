// Every sample of every op that has something to do: "layer_norm/odd sizes". A view moves nothing and shows what a call
// costs.
#include "benches/harness/sample_bench.h"
#include "triad/core/base/error.h"

namespace triad::bench {
namespace {

constexpr uint64_t kSeed = 20240607;

const bool registered = [] {
  for (const ops::OpSpec& spec : ops::all_op_specs()) {
    ops::SampleMaker make(kSeed);
    for (ops::Sample& sample : spec.samples(make)) {
      const std::string name = str(spec.name, "/", sample.label);
      if (sample.flops > 0 || sample.min_bytes > 0 || spec.is_view) register_sample(name, std::move(sample));
    }
  }
  return true;
}();

}  // namespace
}  // namespace triad::bench
