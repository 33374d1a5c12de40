#include "triad/train/launch/restart_guard.h"

#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "triad/data/formats/durable_file.h"

namespace triad::train {

void count_start(const std::filesystem::path& run, const std::string& place) {
  constexpr int64_t kMost = 3;
  const std::filesystem::path file = run / "restarts.json";
  std::ifstream in(file);
  const auto before = nlohmann::json::parse(in, nullptr, false);  // none, or a damaged one: this start is the first
  const bool same = before.is_object() && before.value("place", "") == place;
  const int64_t starts = same ? before.value("starts", int64_t{0}) + 1 : 1;
  if (starts > kMost)
    fail<NoProgressError>(run.string(), "was started ", kMost, " times at ", place, " and never got further",
                          Hint{"the logs beside it say why; delete " + file.string() + " to try again"});
  data::write_durably(file, nlohmann::json{{"place", place}, {"starts", starts}}.dump() + "\n");
}

bool is_restarted_job() {
  const char* count = std::getenv("SLURM_RESTART_COUNT");
  return count && std::atoi(count) > 0;
}

}  // namespace triad::train
