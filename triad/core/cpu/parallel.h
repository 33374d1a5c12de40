// The one OpenMP team. Work is cut into chunks whose borders depend on the problem and never on the number of threads,
// so that results are the same bits on any machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>

#include <omp.h>

namespace triad::cpu {

/// Threads a parallel region uses: OMP_NUM_THREADS, else the processors this process may run on.
int num_threads();
void set_num_threads(int threads);

/// Calls body(first, last) for consecutive chunks [first, last) of [0, n), each of `chunk` items but the last, possibly
/// at the same time. With one chunk, one thread or inside another parallel region it runs here. An exception thrown by
/// body reaches the caller after all chunks have stopped.
template <class Body>
void parallel_for(int64_t n, int64_t chunk, const Body& body) {
  if (n <= 0) return;
  chunk = std::max<int64_t>(chunk, 1);
  const int64_t chunks = (n + chunk - 1) / chunk;
  if (chunks == 1 || num_threads() == 1 || omp_in_parallel()) {
    for (int64_t first = 0; first < n; first += chunk) body(first, std::min(first + chunk, n));
    return;
  }
  std::exception_ptr error;
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(std::min<int64_t>(chunks, num_threads())))
  for (int64_t c = 0; c < chunks; ++c) {
    try {
      body(c * chunk, std::min((c + 1) * chunk, n));
    } catch (...) {
#pragma omp critical(triad_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

/// A chunk size for items that cost about `cost` elementary operations each: large enough that starting a thread
/// (some microseconds) is worth it.
constexpr int64_t chunk_for_cost(int64_t cost) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(cost, 1)); }

}  // namespace triad::cpu
