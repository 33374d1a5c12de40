// The one OpenMP team. Work is cut into chunks whose borders depend on the problem and never on the number of threads,
// so that results are the same bits on any machine.
#pragma once

#include <algorithm>
#include <cstdint>

namespace triad::cpu {

/// Threads a parallel region uses: OMP_NUM_THREADS, else the processors this process may run on.
int num_threads();
void set_num_threads(int threads);

/// Makes parallel_for, and libraries that bring parallel regions of their own (oneDNN, OpenBLAS), run on the calling thread
/// alone. The number of threads is a property of the calling task in OpenMP, so that no other thread sees the change.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

namespace detail {
using ChunkFunction = void (*)(const void* body, int64_t first, int64_t last);
void run_chunks(int64_t n, int64_t chunk, const void* body, ChunkFunction call);
}  // namespace detail

/// Calls body(first, last) for consecutive chunks [first, last) of [0, n), each of `chunk` items but the last, possibly
/// at the same time. With one chunk, one thread or inside another parallel region it runs here. An exception thrown by
/// body reaches the caller after all chunks have stopped.
template <class Body>
void parallel_for(int64_t n, int64_t chunk, const Body& body) {
  detail::run_chunks(n, chunk, &body, [](const void* erased, int64_t first, int64_t last) {
    (*static_cast<const Body*>(erased))(first, last);
  });
}

/// A chunk size for items that cost about `cost` elementary operations each: large enough that starting a thread
/// (some microseconds) is worth it.
constexpr int64_t chunk_for_cost(int64_t cost) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(cost, 1)); }

}  // namespace triad::cpu
