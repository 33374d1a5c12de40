#include "triad/core/comm/recorded.h"

namespace triad::comm {

Recorded::Recorded(Communicator& inner, size_t most)
    : Communicator(inner.rank(), inner.size()), inner_(inner), most_(most) {
  set_timeout(inner.timeout());
}

Work Recorded::start(const Collective& c) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back({.number = count_++,
                      .kind = c.kind,
                      .name = c.name,
                      .dtype = c.out.defined() ? c.out.dtype() : DType::u8,
                      .wire = c.wire,
                      .elements = c.out.defined() ? c.out.numel() : 0,
                      .where = brief(c.where),
                      .started = std::chrono::steady_clock::now()});
    if (calls_.size() > most_) calls_.pop_front();
  }
  return inner_.start(c);
}

std::vector<RecordedCall> Recorded::calls() const {
  const std::lock_guard lock(mutex_);
  return {calls_.begin(), calls_.end()};
}

int64_t Recorded::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void Recorded::forget() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
  count_ = 0;
}

}  // namespace triad::comm
