// A connection of every rank to rank 0, beside MPI: through it a rank that is lost, stuck or has failed is named to all others,
// who would wait for it for ever.
//
// Every rank says each second what it is doing. Rank 0 tells all ranks of a fault, the first one only:
//   lost     a connection ends without a farewell: the process or its host is gone, or the network between (76)
//   silent   a rank has said nothing for a while, although its host acknowledges what it is sent: it is stopped (77)
//   stuck    a rank has begun no collective, and no phase, for longer than its phase allows, and is behind the others (77)
//   failed   a rank says so itself, with its error (76)
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "triad/train/control/rank_status.h"

namespace triad::train {

struct ControlOptions {
  std::chrono::milliseconds beat = std::chrono::seconds(1);
  std::chrono::milliseconds silence = std::chrono::seconds(10);
};

/// What ended a run for the ranks that had no part in it.
struct Fault {
  int code = 0;  ///< exit code, docs/exit-codes.md
  std::string text;
};

/// On rank 0: hears all ranks, and tells them of the first fault.
class ControlHub {
 public:
  ControlHub(int ranks, const ControlOptions& options);
  /// Waits a moment for farewells.
  ~ControlHub();

  /// What a rank needs to connect: port, token and addresses, in one line.
  const std::string& invitation() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

/// On every rank: tells the hub what this rank is doing.
class ControlLink {
 public:
  /// `on_fault` is called once, on the link's thread. `status` must outlive the link. IoError if the hub cannot be reached.
  ControlLink(const std::string& invitation, int rank, const ControlOptions& options, const RankStatus& status,
              std::function<void(const Fault&)> on_fault);
  /// Says farewell.
  ~ControlLink();
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  /// Tells all others that this rank has failed, and waits a moment until that is on its way.
  void report_failure(const std::string& text);
  /// What the hub has told.
  std::optional<Fault> fault() const;

 private:
  void loop();
  void take(Fault fault);

  const int rank_;
  const ControlOptions options_;
  const RankStatus& status_;
  const std::function<void(const Fault&)> on_fault_;
  mutable std::mutex mutex_;
  std::optional<Fault> fault_;
  std::optional<std::string> failure_;  ///< to be told
  std::atomic<bool> leaving_ = false, failure_told_ = false;
  struct Connection;
  std::unique_ptr<Connection> connection_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace triad::train
