#include "triad/train/launch/run_child.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::train {
namespace {

std::atomic<pid_t> child = 0;
std::atomic<bool> was_told = false;
static_assert(std::atomic<pid_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler may touch nothing else");

extern "C" void pass_on(int signal) {
  if (child > 0) ::kill(child, signal == SIGTERM && was_told.exchange(true) ? SIGTERM : SIGUSR1);
}

}  // namespace

int run_child(std::vector<std::string> command, std::string_view hint) {
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::signal(SIGTERM, &pass_on);
  std::signal(SIGUSR1, &pass_on);
  pid_t id = 0;
  const int failed = ::posix_spawnp(&id, argv[0], nullptr, nullptr, argv.data(), environ);
  if (failed != 0) fail<ConfigError>(command[0], "cannot be started: ", std::strerror(failed), Hint{hint});
  child = id;
  int status = 0;
  while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace triad::train
