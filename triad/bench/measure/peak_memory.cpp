#include "triad/bench/measure/peak_memory.h"

#include <fstream>
#include <string>

#include <malloc.h>

namespace triad::bench {

void reset_peak_memory() {
  malloc_trim(0);                                 // or what was freed before counts
  std::ofstream("/proc/self/clear_refs") << "5";  // see proc(5)
}

double peak_memory_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024 / 1e6;
  }
  return 0;
}

}  // namespace triad::bench
