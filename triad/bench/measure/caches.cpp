#include "triad/bench/measure/caches.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace triad::bench {

int64_t last_cache_bytes(const std::filesystem::path& processor) {
  constexpr int64_t kUnknown = 32'000'000;
  int64_t last_level = 0, last_bytes = kUnknown;
  for (int index = 0;; ++index) {
    const std::filesystem::path cache = processor / "cache" / ("index" + std::to_string(index));
    int64_t level = 0, kilobytes = 0;
    if (!(std::ifstream(cache / "level") >> level) || !(std::ifstream(cache / "size") >> kilobytes)) break;
    if (level <= last_level || kilobytes <= 0) continue;
    last_level = level;
    last_bytes = kilobytes * 1024;
  }
  return last_bytes;
}

double available_memory_bytes() {
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;) {
    double kibibytes = 0;
    if (word == "MemAvailable:" && info >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace triad::bench
