#include "triad/train/launch/stop_request.h"

#include <atomic>
#include <csignal>

namespace triad::train {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

extern "C" void note(int signal) {
  if (requested.exchange(true) && signal == SIGTERM) {
    std::signal(SIGTERM, SIG_DFL);
    std::raise(SIGTERM);
  }
}

}  // namespace

void note_stop_signals() {
  std::signal(SIGTERM, &note);
  std::signal(SIGUSR1, &note);
}

bool stop_requested() { return requested; }
void request_stop(bool value) { requested = value; }

}  // namespace triad::train
