#include "triad/data/scenes/run_program.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "triad/core/base/error.h"

extern char** environ;

namespace triad::data {
namespace {

constexpr std::string_view kWhere = "run_program";

class Pipe {
 public:
  Pipe() {
    // Close-on-exec: another thread's child must not inherit the writing end, or this reader would wait for it too.
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail<IoError>(kWhere, "cannot make a pipe: ", std::strerror(errno));
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }

 private:
  void close_end(size_t i) {
    if (ends_[i] >= 0) ::close(std::exchange(ends_[i], -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

/// A started program; killed and reaped if nobody has waited for it.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, const Pipe& out, const Pipe& err, const std::string& hint) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.writer(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.writer(), STDERR_FILENO);
    const int error = ::posix_spawnp(&id_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT) fail<IoError>(kWhere, "the program ", arguments[0], " is not installed", Hint{hint});
    if (error != 0) fail<IoError>(kWhere, "cannot start ", arguments[0], ": ", std::strerror(error));
  }
  ~Child() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The status as of waitpid.
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = 0;
    return status;
  }

 private:
  pid_t id_ = 0;
};

/// Appends what `pipe` has to `text`; at its end closes it.
void read_some(Pipe& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(pipe.reader(), buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) {
    pipe.close_reader();
    return;
  }
  text.append(buffer.data(), static_cast<size_t>(n));
}

}  // namespace

std::string run_program(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                        const std::string& hint) {
  require<ValueError>(!arguments.empty(), kWhere, "no program named");
  Pipe out, err;
  Child child(arguments, out, err, hint);
  out.close_writer();
  err.close_writer();

  std::string output, complaint;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (out.reader() >= 0 || err.reader() >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    require<IoError>(left.count() > 0, kWhere, arguments[0], " was not done after ", limit.count(), " ms");
    // poll() skips negative descriptors.
    std::array<pollfd, 2> polled = {{{out.reader(), POLLIN, 0}, {err.reader(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0) {
      require<IoError>(errno == EINTR, kWhere, "cannot read from ", arguments[0], ": ", std::strerror(errno));
      continue;
    }
    if (polled[0].revents != 0) read_some(out, output);
    if (polled[1].revents != 0) read_some(err, complaint);
  }

  constexpr size_t kShown = 300;
  const int status = child.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string end =
        WIFEXITED(status) ? str("with status ", WEXITSTATUS(status)) : str("by signal ", WTERMSIG(status));
    fail<IoError>(kWhere, arguments[0], " ended ", end, ": ", complaint.substr(0, kShown));
  }
  return output;
}

}  // namespace triad::data
