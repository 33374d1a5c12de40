#include "tests/harness/heap_watch.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace triad::harness {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kWatches = false;
#else
constexpr bool kWatches = true;
#endif

std::atomic<size_t> largest{0};

}  // namespace

size_t largest_heap_request() { return largest; }
void forget_heap_requests() { largest = 0; }
bool watches_heap() { return kWatches; }

[[maybe_unused]] static void note_heap_request(size_t bytes) {
  size_t seen = largest.load(std::memory_order_relaxed);
  while (bytes > seen && !largest.compare_exchange_weak(seen, bytes, std::memory_order_relaxed)) {
  }
}

}  // namespace triad::harness

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The forms for arrays and those that do not throw end in these.
void* operator new(size_t bytes) {
  triad::harness::note_heap_request(bytes);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif
