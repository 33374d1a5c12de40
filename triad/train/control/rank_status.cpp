#include "triad/train/control/rank_status.h"

namespace triad::train {

std::string RankSnapshot::describe() const {
  std::string text = "in phase '" + phase + "'";
  if (step > 0) text += str(" ", step);
  if (calls > 0) text += str(", at call ", calls, ", ", operation);
  return text;
}

void RankStatus::enter(std::string phase, int64_t step, std::chrono::duration<double> deadline) {
  const std::lock_guard lock(mutex_);
  now_.phase = std::move(phase);
  now_.step = step;
  now_.deadline_seconds = deadline.count();
  changed_ = Clock::now();
}

void RankStatus::begin(const comm::Collective& collective) {
  std::string text = str(collective);
  const std::lock_guard lock(mutex_);
  ++now_.calls;
  now_.operation = std::move(text);
  changed_ = Clock::now();
}

RankSnapshot RankStatus::snapshot() const {
  const std::lock_guard lock(mutex_);
  RankSnapshot snapshot = now_;
  snapshot.idle_seconds = std::chrono::duration<double>(Clock::now() - changed_).count();
  return snapshot;
}

Reporting::Reporting(comm::Communicator& inner, RankStatus& status)
    : Communicator(inner.rank(), inner.size()), inner_(inner), status_(status) {
  set_timeout(inner.timeout());
}

comm::Work Reporting::start(const comm::Collective& collective) {
  status_.begin(collective);
  return inner_.start(collective);
}

}  // namespace triad::train
