// Keeps what was communicated: for tests that count it, for figures, and for the last words of a run that hangs.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

struct RecordedCall {
  int64_t number = 0;  ///< from 0
  CollectiveKind kind{};
  std::string name;
  DType dtype{}, wire{};
  int64_t elements = 0;
  std::string where;
  std::chrono::steady_clock::time_point started;
};

class Recorded : public Communicator {
 public:
  /// Keeps the last `most` calls. `inner` must outlive it.
  explicit Recorded(Communicator& inner, size_t most = 1024);

  Work start(const Collective& collective) override;
  void abort(const std::string& reason) override { inner_.abort(reason); }

  /// From any thread.
  std::vector<RecordedCall> calls() const;
  /// Calls there ever were.
  int64_t count() const;
  void forget();

 private:
  Communicator& inner_;
  size_t most_;
  mutable std::mutex mutex_;
  int64_t count_ = 0;
  std::deque<RecordedCall> calls_;
};

}  // namespace triad::comm
