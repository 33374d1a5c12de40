// One call of each of a fixed set of kernels, for scripts/check-budgets: run under callgrind it collects instructions inside
// triad_counted_call alone. Prints, for each call in order, its name and the allocations of a repeated call as a line of JSON.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>

#include "triad/autograd/autograd.h"
#include "triad/core/base/error.h"
#include "triad/core/device/allocator.h"
#include "triad/ops/registry/op_spec.h"

namespace {

std::atomic<int64_t> heap_requests{0};

}  // namespace

// The forms for arrays and those that do not throw end in these.
void* operator new(size_t bytes) {
  heap_requests.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

/// The name that callgrind is told.
extern "C" [[gnu::noinline]] void triad_counted_call(const std::function<void()>& f) { f(); }

namespace triad {
namespace {

constexpr uint64_t kSeed = 20240607;

/// Samples of the tests: large enough that the kernel outweighs the call, small enough for a simulated processor.
constexpr std::pair<const char*, const char*> kCalls[] = {
    {"linear", "larger than one block"},
    {"layer_norm", "several blocks of rows"},
    {"group_norm", "larger"},
    {"softmax", "long rows, more than a chunk"},
    {"gelu", "erf: more than a chunk"},
    {"cross_entropy", "many classes and rows"},
    {"attention", "several blocks"},
    {"attention", "dropout over several blocks"},
    {"conv2d", "several chunks of the batch"},
    {"lstm", "more sequences than a block"},
    {"dropout", "long samples, several pieces"},
    {"embedding", "many repeats"},
    {"info_nce", "more than a tile"},
    {"adamw_step", "more than a block"},
    {"gradient_norm", "many"},
};

struct Found {
  const ops::OpSpec& op;
  ops::Sample sample;
};

Found find(const std::string& op, const std::string& label) {
  for (const ops::OpSpec& spec : ops::all_op_specs()) {
    if (spec.name != op) continue;
    ops::SampleMaker make(kSeed);
    for (ops::Sample& sample : spec.samples(make))
      if (sample.label == label) return {spec, sample};
  }
  fail<ValueError>("count_calls", "there is no sample '", label, "' of an op ", op);
}

void count(const std::string& name, const std::function<void()>& call) {
  call();  // kernels are compiled, buffers cached
  call();
  const int64_t before = heap_requests;
  const size_t system_before = allocator(kCpu).stats().system_calls;
  call();
  const int64_t requests = heap_requests - before;
  const size_t system = allocator(kCpu).stats().system_calls - system_before;
  std::printf("{\"call\": \"%s\", \"heap_requests\": %lld, \"system_allocations\": %zu}\n", name.c_str(),
              static_cast<long long>(requests), system);
  std::fflush(stdout);
  triad_counted_call(call);
}

void count_op(const std::string& op, const std::string& label, DType dtype) {
  const Found found = find(op, label);
  const ops::Sample& sample = found.sample;
  const std::string name = str(op, "/", label, "/", name_of(dtype));
  const ops::Tensors inputs = ops::inputs_as(sample.inputs, dtype);
  {
    const NoGrad no_tape;
    count(name + "/fwd", [&] { sample.run(inputs); });
  }
  if (!found.op.no_derivative.empty()) return;
  ops::Tensors leaves;
  for (const Tensor& t : inputs) leaves.push_back(t.defined() && is_floating(t.dtype()) ? requires_grad(clone(t)) : t);
  const ops::Tensors outputs = sample.run(leaves);
  ops::Tensors cotangents;
  ops::SampleMaker make(kSeed + 1);
  for (const Tensor& y : outputs) cotangents.push_back(clone_as(make.normal(y.shape()), y.dtype()));
  count(name + "/bwd", [&] {
    for (const Tensor& leaf : leaves)
      if (leaf.defined() && leaf.requires_grad()) set_grad(leaf, {});
    backward(outputs, cotangents, /*retain_tape=*/true);
  });
}

}  // namespace
}  // namespace triad

int main() {
  try {
    for (const auto& [op, label] : triad::kCalls) triad::count_op(op, label, triad::DType::f32);
    for (const auto& [op, label] : {std::pair{"layer_norm", "several blocks of rows"}, {"attention", "several blocks"}})
      triad::count_op(op, label, triad::DType::bf16);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
