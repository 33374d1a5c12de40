// Who can compute a case: triad, libraries it is built on, other programs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "triad/bench/kernels/problem.h"

namespace triad::bench {

/// Calls of one case by one provider, ready to be timed.
class Execution {
 public:
  virtual ~Execution() = default;
  /// Runs the case `calls` times over its sets of inputs in turn; the seconds this took.
  virtual double seconds(int64_t calls) = 0;
  /// What a call on the inputs of the problem makes.
  virtual ops::Tensors results() = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  /// As --impl calls it: "ours".
  virtual std::string name() const = 0;
  /// Calls use `sets` copies of the inputs in turn: with enough of them, none finds in the caches what it did not put there.
  /// Null where the provider has nothing that does the case.
  virtual std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) = 0;
  /// False once it can do no more cases, such as a peer that has ended.
  virtual bool goes_on() const { return true; }
};

/// The program benches/peers/torch_kernels.py and what runs it.
struct TorchProgram {
  std::string python = "python3";
  std::filesystem::path script;
};

/// Names of all providers: "ours", "onednn", "openblas", "torch".
const std::vector<std::string>& provider_names();
/// ValueError for another name; IoError if torch cannot be started.
std::unique_ptr<Provider> make_provider(const std::string& name, const TorchProgram& torch);

}  // namespace triad::bench
