#include "triad/autograd/grad_mode.h"

namespace triad {

GradMode& grad_mode() {
  thread_local GradMode mode;
  return mode;
}

bool grad_enabled() { return grad_mode().enabled; }

}  // namespace triad
