#include "triad/core/comm/faulty.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace triad::comm {
namespace {

/// What a rank that leaves a collective out believes.
struct Done : Work::State {
  bool done() const override { return true; }
  void wait() override {}
};

Tensor first_half(const Tensor& x) {
  const int64_t half = x.numel() / 2;
  return Tensor(x.storage(), x.dtype(), {half}, {1}, x.offset());
}

Tensor as_i32(const Tensor& x) { return Tensor(x.storage(), DType::i32, x.shape(), x.strides(), x.offset()); }

}  // namespace

Faulty::Faulty(Communicator& inner, std::vector<Fault> faults)
    : Communicator(inner.rank(), inner.size()), inner_(inner), faults_(std::move(faults)) {
  set_timeout(inner.timeout());
}

Work Faulty::start(const Collective& c) {
  const auto fault = std::ranges::find(faults_, calls_++, &Fault::call);
  if (fault == faults_.end()) {
    Work work = inner_.start(c);
    for (const Collective& late : std::exchange(put_off_, {})) inner_.start(late);
    return work;
  }
  Collective changed = c;
  switch (fault->kind) {
    case Fault::Kind::late: std::this_thread::sleep_for(fault->delay); break;
    case Fault::Kind::skipped: return Work(std::make_shared<Done>());
    case Fault::Kind::halved: changed.out = first_half(c.out); break;
    case Fault::Kind::other_dtype:
      changed.out = as_i32(c.out);
      changed.wire = DType::i32;
      break;
    case Fault::Kind::other_order: put_off_.push_back(c); return Work(std::make_shared<Done>());
    case Fault::Kind::throws: fail<CommError>(str(c), "a fault was asked for");
  }
  return inner_.start(changed);
}

}  // namespace triad::comm
