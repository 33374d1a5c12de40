#include "triad/autograd/grad_mode.h"

namespace triad {
namespace {
thread_local bool enabled = true;
}

bool grad_enabled() { return enabled; }

NoGrad::NoGrad() : before_(std::exchange(enabled, false)) {}
NoGrad::~NoGrad() { enabled = before_; }
EnableGrad::EnableGrad() : before_(std::exchange(enabled, true)) {}
EnableGrad::~EnableGrad() { enabled = before_; }

}  // namespace triad
