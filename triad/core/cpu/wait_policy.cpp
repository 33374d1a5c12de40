#include "triad/core/cpu/wait_policy.h"

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <system_error>

#include <unistd.h>

namespace triad::cpu {

void use_passive_wait(char** argv) {
  for (const char* chosen : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_PROC_BIND"}) {
    if (std::getenv(chosen) != nullptr) return;
  }
  setenv(kChosenHere, "1", 1);
  setenv("OMP_WAIT_POLICY", "passive", 0);
  setenv("GOMP_SPINCOUNT", "1000", 0);
  // By its own name, so that `ps` and `pkill` know it; by the link, where that name has been replaced since.
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) execv(program.c_str(), argv);
  execv("/proc/self/exe", argv);  // returns only on failure; then threads spin, which is slower and still right
}

}  // namespace triad::cpu
