#include "triad/core/cpu/parallel.h"

#include <exception>

#include <omp.h>

#include "triad/core/base/error.h"

namespace triad::cpu {

int num_threads() { return omp_get_max_threads(); }

void set_num_threads(int threads) {
  require<ValueError>(threads >= 1, "set_num_threads", "expected at least 1, got ", threads);
  omp_set_num_threads(threads);
}

OneThread::OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(before_); }

void detail::run_chunks(int64_t n, int64_t chunk, const void* body, ChunkFunction call) {
  if (n <= 0) return;
  chunk = std::max<int64_t>(chunk, 1);
  const int64_t chunks = (n + chunk - 1) / chunk;
  const auto run = [&](int64_t c) { call(body, c * chunk, std::min((c + 1) * chunk, n)); };
  if (chunks == 1 || num_threads() == 1 || omp_in_parallel()) {
    for (int64_t c = 0; c < chunks; ++c) run(c);
    return;
  }
  std::exception_ptr error;
  // The whole team, even for fewer chunks: libgomp ends the threads that a smaller team leaves out, and makes new ones later.
#pragma omp parallel for schedule(static)
  for (int64_t c = 0; c < chunks; ++c) {
    try {
      run(c);
    } catch (...) {
#pragma omp critical(triad_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace triad::cpu
