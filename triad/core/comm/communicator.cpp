#include "triad/core/comm/communicator.h"

#include <algorithm>
#include <numeric>

namespace triad::comm {
namespace {

void check_tensor(CollectiveKind kind, std::string_view argument, const Tensor& x) {
  check_defined(name_of(kind), argument, x);
  require<ShapeError>(x.is_contiguous(), name_of(kind), argument, " is not contiguous: shape ", x.shape(), ", strides ",
                      x.strides());
}

void check_reducible(CollectiveKind kind, const Tensor& x) {
  switch (x.dtype()) {
    case DType::f32:
    case DType::f64:
    case DType::bf16:
    case DType::i64:
    case DType::i32: return;
    default: fail<DTypeError>(name_of(kind), "cannot reduce ", x.dtype(), ", only f32, f64, bf16, i64, i32");
  }
}

void check_counts(CollectiveKind kind, std::string_view argument, const std::vector<int64_t>& counts, const Tensor& x,
                  int ranks) {
  require<ValueError>(std::ssize(counts) == ranks, name_of(kind), counts.size(), " counts for ", argument,
                      ", expected one for each of ", ranks, " ranks");
  require<ValueError>(std::ranges::all_of(counts, [](int64_t count) { return count >= 0; }), name_of(kind),
                      "a count for ", argument, " is negative");
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  require<ShapeError>(total == x.numel(), name_of(kind), "the counts for ", argument, " add up to ", total, ", it has ",
                      x.numel(), " elements");
}

/// Of one rank: its part is everything, and it has it already.
class Single : public Communicator {
 public:
  Single() : Communicator(0, 1) {}

  Work start(const Collective& collective) override {
    require<CommError>(aborted_.empty(), str(collective), aborted_);
    if (collective.kind == CollectiveKind::all_to_all) {
      Tensor out = collective.out;
      copy_into(out, collective.in);
    }
    return Work(std::make_shared<Done>());
  }
  void abort(const std::string& reason) override { aborted_ = reason; }

 private:
  struct Done : Work::State {
    bool done() const override { return true; }
    void wait() override {}
  };
  std::string aborted_;
};

}  // namespace

Work Communicator::start_checked(Collective collective, CallOptions options, Where where) {
  require<ValueError>(!options.bf16_on_the_wire || (collective.reduction == Reduction::sum &&
                                                    collective.out.defined() && collective.out.dtype() == DType::f32),
                      name_of(collective.kind), "bf16 on the wire is for sums of f32");
  collective.name = std::move(options.name);
  collective.timeout = options.timeout.count() > 0 ? options.timeout : timeout_;
  collective.wire = options.bf16_on_the_wire   ? DType::bf16
                    : collective.out.defined() ? collective.out.dtype()
                                               : DType::u8;
  collective.where = where;
  return start(with_memory(std::move(collective)));
}

Work Communicator::all_reduce(const Tensor& x, Reduction reduction, CallOptions options, Where where) {
  constexpr auto kind = CollectiveKind::all_reduce;
  check_tensor(kind, "x", x);
  check_reducible(kind, x);
  return start_checked({.kind = kind, .reduction = reduction, .out = x}, std::move(options), where);
}

Work Communicator::reduce_scatter(const Tensor& x, const std::vector<int64_t>& counts, Reduction reduction,
                                  CallOptions options, Where where) {
  constexpr auto kind = CollectiveKind::reduce_scatter;
  check_tensor(kind, "x", x);
  check_reducible(kind, x);
  check_counts(kind, "x", counts, x, size_);
  return start_checked({.kind = kind, .reduction = reduction, .out = x, .out_counts = counts}, std::move(options),
                       where);
}

Work Communicator::all_gather(const Tensor& x, const std::vector<int64_t>& counts, CallOptions options, Where where) {
  constexpr auto kind = CollectiveKind::all_gather;
  check_tensor(kind, "x", x);
  check_counts(kind, "x", counts, x, size_);
  require<ValueError>(!options.bf16_on_the_wire, name_of(kind), "bf16 on the wire is for sums of f32");
  return start_checked({.kind = kind, .out = x, .out_counts = counts}, std::move(options), where);
}

Work Communicator::broadcast(const Tensor& x, int root, CallOptions options, Where where) {
  constexpr auto kind = CollectiveKind::broadcast;
  check_tensor(kind, "x", x);
  require<ValueError>(root >= 0 && root < size_, name_of(kind), "root is ", root, ", there are ranks 0 to ", size_ - 1);
  require<ValueError>(!options.bf16_on_the_wire, name_of(kind), "bf16 on the wire is for sums of f32");
  return start_checked({.kind = kind, .out = x, .root = root}, std::move(options), where);
}

Work Communicator::all_to_all(const Tensor& in, const std::vector<int64_t>& sent, const Tensor& out,
                              const std::vector<int64_t>& received, CallOptions options, Where where) {
  constexpr auto kind = CollectiveKind::all_to_all;
  check_tensor(kind, "in", in);
  check_tensor(kind, "out", out);
  check_same_dtype(name_of(kind), "out", out, in);
  check_counts(kind, "in", sent, in, size_);
  check_counts(kind, "out", received, out, size_);
  require<ValueError>(in.storage() != out.storage(), name_of(kind), "in and out share memory");
  require<ValueError>(!options.bf16_on_the_wire, name_of(kind), "bf16 on the wire is for sums of f32");
  const auto self = static_cast<size_t>(rank_);
  require<ValueError>(sent[self] == received[self], name_of(kind), "rank ", rank_, " sends ", sent[self],
                      " elements to itself and expects ", received[self]);
  return start_checked({.kind = kind, .in = in, .out = out, .in_counts = sent, .out_counts = received},
                       std::move(options), where);
}

void Communicator::barrier(CallOptions options, Where where) {
  start_checked({.kind = CollectiveKind::barrier}, std::move(options), where).wait();
}

std::unique_ptr<Communicator> make_single() { return std::make_unique<Single>(); }

}  // namespace triad::comm
