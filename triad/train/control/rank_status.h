// What a rank is doing, for others who wait for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "triad/core/comm/communicator.h"

namespace triad::train {

struct RankSnapshot {
  std::string phase = "joining";
  int64_t step = 0;
  int64_t calls = 0;              ///< collectives begun so far
  std::string operation;          ///< the last of them
  double idle_seconds = 0;        ///< since any of the above changed
  double deadline_seconds = 120;  ///< for the phase to go on without a change

  /// "in phase 'step' 41, at call 812, all_reduce 'gradients 3' of f32 [1024] (reducer.cpp:210)".
  std::string describe() const;
};

/// Written by the thread that trains, read by the one that reports.
class RankStatus {
 public:
  void enter(std::string phase, int64_t step, std::chrono::duration<double> deadline);
  void begin(const comm::Collective& collective);
  RankSnapshot snapshot() const;

 private:
  using Clock = std::chrono::steady_clock;
  mutable std::mutex mutex_;
  RankSnapshot now_;
  Clock::time_point changed_ = Clock::now();
};

/// A communicator that tells a RankStatus what it begins.
class Reporting : public comm::Communicator {
 public:
  /// Both must outlive it.
  Reporting(comm::Communicator& inner, RankStatus& status);

  comm::Work start(const comm::Collective& collective) override;
  void abort(const std::string& reason) override { inner_.abort(reason); }

 private:
  comm::Communicator& inner_;
  RankStatus& status_;
};

}  // namespace triad::train
