// Who can compute a case: triad, libraries it is built on, other programs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "triad/bench/kernels/kernel_case.h"

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

/// How the inputs of successive calls lie: `sets` copies of them, used in turn, so that with enough of them a call finds
/// nothing in the caches that it did not put there itself.
struct Rotation {
  int64_t sets = 1;
};

class Provider {
 public:
  virtual ~Provider() = default;
  /// As --impl calls it: "ours".
  virtual std::string name() const = 0;
  /// Null where it has nothing that does the case.
  virtual std::unique_ptr<Execution> prepare(const Problem& problem, const Rotation& rotation) = 0;
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
