#include <nlohmann/json.hpp>

#include "triad/bench/measure/machine.h"
#include "triad/core/base/error.h"

namespace triad::bench {

nlohmann::json to_json(const Machine& m) {
  const auto rates = [](const MachineRates& r) {
    return nlohmann::json{{"f32_flops", r.f32_flops}, {"bf16_flops", r.bf16_flops}, {"copy_bytes", r.copy_bytes}};
  };
  return {{"processor", m.processor},
          {"threads", m.threads},
          {"all", rates(m.all)},
          {"one", rates(m.one)},
          {"clock_hz", m.clock_hz},
          {"launch_seconds", m.launch_seconds},
          {"background_load", m.background_load}};
}

Machine machine_from_json(const nlohmann::json& j) {
  const auto rates = [](const nlohmann::json& r) {
    return MachineRates{
        .f32_flops = r.at("f32_flops"), .bf16_flops = r.at("bf16_flops"), .copy_bytes = r.at("copy_bytes")};
  };
  for (const char* of : {"all", "one"}) {
    for (const char* rate : {"f32_flops", "bf16_flops", "copy_bytes"})
      require<IoError>(j.at(of).at(rate).get<double>() > 0, "machine", of, ".", rate, " is not positive");
  }
  return {.processor = j.at("processor"),
          .threads = j.at("threads"),
          .all = rates(j.at("all")),
          .one = rates(j.at("one")),
          .launch_seconds = j.at("launch_seconds"),
          .clock_hz = j.at("clock_hz"),
          .background_load = j.at("background_load")};
}

}  // namespace triad::bench
