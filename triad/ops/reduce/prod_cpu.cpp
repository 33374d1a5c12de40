#include "triad/ops/elementwise/scalar_math.h"
#include "triad/ops/reduce/fold_cpu.h"
#include "triad/ops/reduce/prod.h"

namespace triad::ops {
namespace {

struct Product {
  template <class A>
  static A start() {
    return A(1);
  }
  template <class A>
  static A step(A a, A b) {
    return static_cast<A>(scalar::wrapping(a) * scalar::wrapping(b));
  }
};

void prod_forward_cpu(const ProdForward& args) {
  dispatch_all(args.x.dtype(), [&]<class T>(std::type_identity<T>) {
    fold::fold_into<Product, T, std::conditional_t<std::is_integral_v<T>, int64_t, T>>(args.y, args.x, args.axes);
  });
}

const RegisterKernel registered(prod_forward, DeviceType::cpu, &prod_forward_cpu);

}  // namespace
}  // namespace triad::ops
