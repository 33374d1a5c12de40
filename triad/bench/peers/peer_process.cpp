#include "triad/bench/peers/peer_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "triad/core/base/error.h"
#include "triad/core/cpu/wait_policy.h"

extern char** environ;

namespace triad::bench {
namespace {

constexpr std::string_view kWhere = "peer";
constexpr int64_t kShown = 600;                 // bytes of complaints
constexpr std::chrono::milliseconds kSpin{30};  // of idle threads, with room to spare

/// {end to read from, end to write to}
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  require<IoError>(::pipe2(ends.data(), O_CLOEXEC) == 0, kWhere, "cannot make a pipe: ", std::strerror(errno));
  return ends;
}

/// The environment without what this program has chosen for its own threads: others wait as they are made to.
std::vector<char*> environment_of_peers() {
  const bool chosen_here = std::getenv(cpu::kChosenHere) != nullptr;
  std::vector<char*> variables;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    const bool own = name == cpu::kChosenHere || name == "OMP_WAIT_POLICY" || name == "GOMP_SPINCOUNT";
    if (!chosen_here || !own) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

}  // namespace

PeerProcess::PeerProcess(const std::vector<std::string>& arguments, const std::string& hint) : name_(arguments.at(0)) {
  complaints_ = std::tmpfile();
  require<IoError>(complaints_ != nullptr, kWhere, "cannot make a temporary file: ", std::strerror(errno));
  const std::array<int, 2> requests = make_pipe(), answers = make_pipe();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, requests[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(complaints_), STDERR_FILENO);
  const int error = ::posix_spawnp(&id_, argv[0], &actions, nullptr, argv.data(), environment_of_peers().data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(requests[0]);
  ::close(answers[1]);
  to_ = ::fdopen(requests[1], "w");
  from_ = ::fdopen(answers[0], "r");
  if (error != 0) {
    id_ = 0;
    fail<IoError>(kWhere, "cannot start ", name_, ": ", std::strerror(error), Hint{hint});
  }
  std::signal(SIGPIPE, SIG_IGN);  // a peer that has ended is noticed when it does not answer
}

PeerProcess::~PeerProcess() {
  if (id_ > 0) {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  for (std::FILE* file : {to_, from_, complaints_}) {
    if (file) std::fclose(file);
  }
}

nlohmann::json PeerProcess::ask(const nlohmann::json& request) {
  require<IoError>(is_running(), kWhere, name_, " has ended before");
  std::fprintf(to_, "%s\n", request.dump().c_str());
  std::fflush(to_);
  char* line = nullptr;
  size_t capacity = 0;
  const ssize_t length = ::getline(&line, &capacity, from_);
  const std::string answer(line ? line : "", length > 0 ? static_cast<size_t>(length) : 0);
  std::free(line);
  if (length <= 0) refuse_silence();
  std::this_thread::sleep_for(kSpin);
  const nlohmann::json parsed = nlohmann::json::parse(answer, nullptr, /*allow_exceptions=*/false);
  require<IoError>(parsed.is_object(), kWhere, name_, " answered '", answer.substr(0, kShown), "', expected JSON");
  if (parsed.contains("error")) fail<IoError>(kWhere, name_, ": ", parsed["error"].dump());
  return parsed;
}

void PeerProcess::refuse_silence() {
  int status = 0;
  ::waitpid(id_, &status, 0);
  id_ = 0;
  std::fseek(complaints_, 0, SEEK_END);
  const long size = std::ftell(complaints_);
  std::fseek(complaints_, std::max<long>(0, size - kShown), SEEK_SET);
  std::string text(kShown, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), complaints_));
  fail<IoError>(kWhere, name_, " has ended",
                WIFSIGNALED(status) ? str(" by signal ", WTERMSIG(status)) : str(" with status ", WEXITSTATUS(status)),
                text.empty() ? "" : ":\n", text);
}

}  // namespace triad::bench
