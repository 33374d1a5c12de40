// Another program that is asked to do the same work: one line of JSON there, one back.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

namespace triad::bench {

/// A program that answers every line of its standard input with a line; it rests in between, but for idle threads of
/// OpenMP that go on spinning: some 10 ms after each parallel region in PyTorch, which would come off the time of whoever
/// has the next turn. So ask() waits until they have stopped. Killed at the end.
class PeerProcess {
 public:
  /// Starts `arguments`, the first of them a program of PATH. IoError, ending with `hint`, if there is no such program.
  PeerProcess(const std::vector<std::string>& arguments, const std::string& hint);
  ~PeerProcess();
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  /// The answer to `request`. IoError if the program ends instead (with the end of what it complained about), or if its
  /// answer is no JSON or has "error".
  nlohmann::json ask(const nlohmann::json& request);
  /// False once an answer did not come because the program had ended.
  bool is_running() const { return id_ > 0; }

 private:
  [[noreturn]] void refuse_silence();

  std::string name_;
  pid_t id_ = 0;
  std::FILE *to_ = nullptr, *from_ = nullptr, *complaints_ = nullptr;
};

}  // namespace triad::bench
