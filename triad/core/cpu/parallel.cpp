#include "triad/core/cpu/parallel.h"

#include "triad/core/base/error.h"

namespace triad::cpu {

int num_threads() { return omp_get_max_threads(); }

void set_num_threads(int threads) {
  require<ValueError>(threads >= 1, "set_num_threads", "expected at least 1, got ", threads);
  omp_set_num_threads(threads);
}

}  // namespace triad::cpu
