#include "triad/train/launch/launcher.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "triad/core/base/error.h"

namespace triad::train {

std::vector<std::string> mpirun_command(const LaunchOptions& options, const std::string& program,
                                        const std::vector<std::string>& arguments, bool is_root) {
  std::vector<std::string> command = {"mpirun", "-n", str(options.ranks)};
  if (is_root) command.emplace_back("--allow-run-as-root");
  if (options.hosts.empty()) {
    command.emplace_back("--oversubscribe");
  } else {
    std::string hosts;  // each has its share of the ranks, the first ones one more
    const auto count = static_cast<int>(options.hosts.size());
    for (int i = 0; i < count; ++i) {
      const int slots = options.ranks / count + (i < options.ranks % count ? 1 : 0);
      if (slots > 0) hosts += str(hosts.empty() ? "" : ",", options.hosts[static_cast<size_t>(i)], ":", slots);
    }
    command.insert(command.end(), {"--host", hosts});
  }
  // Open MPI binds up to two ranks to one processor each, where all threads of a rank would share it.
  command.insert(command.end(), {"--bind-to", "none"});
  command.push_back(program);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

namespace {

std::atomic<pid_t> child = 0;
std::atomic<bool> was_told = false;
static_assert(std::atomic<pid_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler may touch nothing else");

extern "C" void pass_on(int signal) {
  if (child > 0) ::kill(child, signal == SIGTERM && was_told.exchange(true) ? SIGTERM : SIGUSR1);
}

}  // namespace

int launch_by_mpirun(const LaunchOptions& options, const std::vector<std::string>& arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<std::string> command = mpirun_command(options, program, arguments, ::geteuid() == 0);
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::signal(SIGTERM, &pass_on);
  std::signal(SIGUSR1, &pass_on);
  pid_t id = 0;
  const int failed = ::posix_spawnp(&id, argv[0], nullptr, nullptr, argv.data(), environ);
  if (failed != 0)
    fail<ConfigError>("mpirun", "cannot be started: ", std::strerror(failed),
                      Hint{"install openmpi-bin, or --backend threads for ranks in one process"});
  child = id;
  int status = 0;
  while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace triad::train
