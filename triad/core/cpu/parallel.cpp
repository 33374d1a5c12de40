#include "triad/core/cpu/parallel.h"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <omp.h>

#include "triad/core/base/error.h"

namespace triad::cpu {

int num_threads() { return omp_get_max_threads(); }

void set_num_threads(int threads) {
  require<ValueError>(threads >= 1, "set_num_threads", "expected at least 1, got ", threads);
  omp_set_num_threads(threads);
}

namespace {

/// Keeps the first error of several threads.
class FirstError {
 public:
  template <class F>
  void guard(const F& f) {
    try {
      f();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

#if defined(__SANITIZE_THREAD__)
// libgomp is not instrumented: ThreadSanitizer takes its barriers for races and would miss ours inside its regions. So there
// the libraries run on one thread, and chunks on threads of our own, dealt out without anything that would order them.
constexpr int64_t kTeam = 3;
thread_local int alone = 0;  // OneThreads of this thread: each member of a region has one, too

bool runs_alone() { return alone > 0; }
void count_alone(int more) { alone += more; }

template <class Run>
void share_out(int64_t chunks, const Run& run) {
  FirstError error;
  const auto work = [&](int64_t member) {
    const OneThread inside;
    for (int64_t c = member; c < chunks; c += kTeam) error.guard([&] { run(c); });
  };
  std::vector<std::thread> others;
  for (int64_t member = 1; member < kTeam; ++member) others.emplace_back(work, member);
  work(0);
  for (std::thread& other : others) other.join();
  error.rethrow();
}
#else
bool runs_alone() { return num_threads() == 1 || omp_in_parallel(); }
void count_alone(int) {}

template <class Run>
void share_out(int64_t chunks, const Run& run) {
  FirstError error;
  // The whole team, even for fewer chunks: libgomp ends the threads that a smaller team leaves out, and makes new ones later.
#pragma omp parallel for schedule(static)
  for (int64_t c = 0; c < chunks; ++c) error.guard([&] { run(c); });
  error.rethrow();
}
#endif

}  // namespace

OneThread::OneThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
  count_alone(1);
}

OneThread::~OneThread() {
  omp_set_num_threads(before_);
  count_alone(-1);
}

void detail::run_chunks(int64_t n, int64_t chunk, const void* body, ChunkFunction call) {
  if (n <= 0) return;
  chunk = std::max<int64_t>(chunk, 1);
  const int64_t chunks = (n + chunk - 1) / chunk;
  const auto run = [&](int64_t c) { call(body, c * chunk, std::min((c + 1) * chunk, n)); };
  if (chunks > 1 && !runs_alone()) return share_out(chunks, run);
  for (int64_t c = 0; c < chunks; ++c) run(c);
}

}  // namespace triad::cpu
