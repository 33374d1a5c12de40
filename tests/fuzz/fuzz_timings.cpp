#include "tests/fuzz/fuzz.h"
#include "triad/bench/kernels/roofline.h"
#include "triad/bench/kernels/timing_file.h"

/// What a `triad bench run --json` may have left: read, compared with itself, drawn.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    const auto timings = triad::bench::read_timings(triad::fuzz::file_with(bytes, "timings.jsonl"));
    triad::fuzz::must_parse([&] { return triad::bench::compare_timings(timings, timings); });
    triad::bench::roofline(timings, "ours");
  });
}
