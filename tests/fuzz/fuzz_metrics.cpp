#include "tests/fuzz/fuzz.h"
#include "triad/train/metrics/run_log.h"

/// What a run that was cut off may have left of metrics.jsonl.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return triad::fuzz::try_parse(data, size, [](std::string_view bytes) {
    triad::train::rewind_metrics(triad::fuzz::file_with(bytes, "metrics.jsonl").parent_path(), "align", 3);
  });
}
