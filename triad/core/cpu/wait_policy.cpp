#include "triad/core/cpu/wait_policy.h"

#include <cstdlib>

#include <unistd.h>

namespace triad::cpu {

void use_passive_wait(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 0);
  execv("/proc/self/exe", argv);  // returns only on failure; then threads spin, which is slower and still right
}

}  // namespace triad::cpu
