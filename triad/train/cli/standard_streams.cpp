#include "triad/train/cli/standard_streams.h"

#include <cerrno>
#include <csignal>
#include <iostream>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "triad/train/cli/command_line.h"

namespace triad::train {

void prepare_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
      open("/dev/null", O_RDWR);  // the lowest that is free: this one
  }
  std::signal(SIGPIPE, SIG_IGN);
}

int finish_standard_output(int code) {
  if (std::cout.flush()) return code;
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  const bool reader_is_gone = poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
  if (reader_is_gone) return code;
  std::cerr << "triad: standard output cannot be written: what was to be shown is not complete\n";
  return kExitFailure;
}

}  // namespace triad::train
