#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/reduce/fold_cpu.h"
#include "triad/ops/reduce/sum.h"

namespace triad::ops {
namespace {

struct Sum {
  template <class A>
  static A start() {
    return A(0);
  }
  template <class A>
  static A step(A a, A b) {
    return static_cast<A>(scalar::wrapping(a) + scalar::wrapping(b));
  }
};

void sum_forward_cpu(const SumForward& args) {
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    if (args.y.dtype() == dtype_of<Accumulate<T>>) fold::fold_into<Sum, T, Accumulate<T>>(args.y, args.x, args.axes);
    else fold::fold_into<Sum, T, T>(args.y, args.x, args.axes);
  });
}

const RegisterKernel registered(sum_forward, DeviceType::cpu, &sum_forward_cpu);

}  // namespace
}  // namespace triad::ops
