#include "triad/train/launch/launcher.h"

#include <filesystem>

#include <unistd.h>

#include "triad/core/base/error.h"
#include "triad/train/launch/run_child.h"

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

int launch_by_mpirun(const LaunchOptions& options, const std::vector<std::string>& arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  return run_child(mpirun_command(options, program, arguments, ::geteuid() == 0),
                   "install openmpi-bin, or --backend threads for ranks in one process");
}

}  // namespace triad::train
