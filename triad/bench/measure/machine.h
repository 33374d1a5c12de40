// What this machine can do today: the ceilings that measured times are held against.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace triad::bench {

/// Rates are those of all threads of the team together, and of one alone.
struct MachineRates {
  double f32_flops = 0;   ///< a second: multiply-add of registers, two operations each
  double bf16_flops = 0;  ///< the same of dot products of bf16 pairs; f32_flops where the processor has none
  double copy_bytes = 0;  ///< a second: read and written, by copying between arrays far larger than the caches
};

struct Machine {
  std::string processor;
  int threads = 1;
  MachineRates all, one;
  double launch_seconds = 0;   ///< to start the team on nothing and wait for it
  double clock_hz = 0;         ///< while all threads multiply, by the chain of dependent additions they do a second
  double background_load = 0;  ///< processors that others kept busy while nothing was measured
};

/// Takes about two seconds.
Machine measure_machine();

/// Processors that were busy during `seconds` of sleep, of this process or others.
double background_load(double seconds);

nlohmann::json to_json(const Machine& machine);
/// What to_json() made; throws nlohmann::json::exception for anything else.
Machine machine_from_json(const nlohmann::json& json);
/// One line for people.
std::string summary_of(const Machine& machine);

}  // namespace triad::bench
