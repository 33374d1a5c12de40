#include "tests/core/comm/comm_cases.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "triad/core/base/philox.h"

namespace triad::comm {
namespace {

constexpr std::array<int64_t, 8> kSizes = {0, 1, 3, 1000, 4096, 4097, 100'001, 700'001};

/// Small whole numbers: their sums are exact in any order.
double whole(int rank, int64_t i) { return static_cast<double>((i * 7 + rank * 31) % 13 - 6); }

float random_value(int rank, int64_t i) {
  RandomStream random({.seed = 5, .site = static_cast<uint32_t>(rank), .sample = static_cast<uint32_t>(i)});
  return static_cast<float>(random.uniform() - 0.5) * 8;
}

template <class F>
Tensor make(int64_t count, DType dtype, const F& value) {
  Tensor t = empty({count}, dtype);
  dispatch_all(dtype, [&]<class T>(std::type_identity<T>) {
    T* values = t.mutable_data<T>();
    for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(value(i));
  });
  return t;
}

/// Every element is value(i), to the bit of its dtype; NaN equals NaN.
template <class F>
void expect(const Tensor& t, const F& value, std::string_view what) {
  const std::vector<double> got = t.to_vector<double>();
  const std::vector<double> wanted = make(t.numel(), t.dtype(), value).template to_vector<double>();
  for (size_t i = 0; i < got.size(); ++i) {
    const bool same = std::bit_cast<uint64_t>(got[i]) == std::bit_cast<uint64_t>(wanted[i]);
    require<Error>(same || (std::isnan(got[i]) && std::isnan(wanted[i])), what, "of ", t.dtype(), " [", t.numel(),
                   "]: element ", i, " is ", got[i], ", expected ", wanted[i]);
  }
}

/// Throws unless all ranks hold the same bits.
void expect_same_everywhere(Communicator& comm, const Tensor& t, std::string_view what) {
  const auto bytes = t.numel() * static_cast<int64_t>(size_of(t.dtype()));
  Tensor mine(t.storage(), DType::u8, {bytes}, {1}, t.offset() * static_cast<int64_t>(size_of(t.dtype())));
  Tensor roots = clone(mine);
  comm.broadcast(roots, 0).wait();
  require<Error>(mine.to_vector<int64_t>() == roots.to_vector<int64_t>(), what, "differs from what rank 0 has");
}

std::vector<int64_t> uneven_counts(int size, int64_t scale) {
  std::vector<int64_t> counts;
  for (int r = 0; r < size; ++r) counts.push_back(r % 3 == 1 ? 0 : (1 + r % 4) * scale);
  return counts;
}

int64_t total(const std::vector<int64_t>& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

void all_reduce_adds(Communicator& comm) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::i64, DType::i32}) {
    for (const int64_t count : kSizes) {
      const Tensor x = make(count, dtype, [&](int64_t i) { return whole(comm.rank(), i); });
      comm.all_reduce(x, Reduction::sum).wait();
      expect(
          x,
          [&](int64_t i) {
            double sum = 0;
            for (int r = 0; r < comm.size(); ++r) sum += whole(r, i);
            return sum;
          },
          "the sum");
    }
  }
}

void all_reduce_finds_extremes(Communicator& comm) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::i64, DType::i32}) {
    for (const Reduction reduction : {Reduction::min, Reduction::max}) {
      const Tensor x = make(5000, dtype, [&](int64_t i) { return whole(comm.rank(), i); });
      comm.all_reduce(x, reduction).wait();
      expect(
          x,
          [&](int64_t i) {
            double extreme = whole(0, i);
            for (int r = 1; r < comm.size(); ++r)
              extreme = reduction == Reduction::min ? std::min(extreme, whole(r, i)) : std::max(extreme, whole(r, i));
            return extreme;
          },
          name_of(reduction));
    }
  }
}

void nan_and_zeros_do_not_depend_on_the_order(Communicator& comm) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const Reduction reduction : {Reduction::sum, Reduction::min, Reduction::max}) {
    const int culprit = comm.size() - 1;
    const Tensor x = make(3, DType::f32, [&](int64_t i) {
      if (i == 0) return comm.rank() == culprit ? kNan : 1.0;
      return comm.rank() % 2 == 0 ? -0.0 : 0.0;
    });
    comm.all_reduce(x, reduction).wait();
    require<Error>(std::isnan(x.to_vector<float>()[0]), name_of(reduction), "of a NaN is none");
    expect_same_everywhere(comm, x, name_of(reduction));
    const bool negative = comm.size() == 1 || reduction == Reduction::min;  // 0 + -0 is 0
    require<Error>(std::signbit(x.to_vector<float>()[1]) == negative, name_of(reduction), "has the wrong zero");
  }
}

void integers_wrap_around(Communicator& comm) {
  const Tensor x = from_values<int64_t>({std::numeric_limits<int64_t>::max(), comm.rank() == 0 ? 5 : 0}, {2});
  comm.all_reduce(x, Reduction::sum).wait();
  uint64_t sum = 0;
  for (int r = 0; r < comm.size(); ++r) sum += static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const std::vector<int64_t> got = x.to_vector<int64_t>();
  require<Error>(got[0] == static_cast<int64_t>(sum) && got[1] == 5, "the sum", "is ", got[0], " and ", got[1]);
}

void reduce_scatter_leaves_the_own_part(Communicator& comm) {
  for (const int64_t scale : {1, 1000, 200'000}) {
    const std::vector<int64_t> counts = uneven_counts(comm.size(), scale);
    const Tensor x = make(total(counts), DType::f32, [&](int64_t i) { return whole(comm.rank(), i); });
    comm.reduce_scatter(x, counts, Reduction::sum).wait();
    const auto rank = static_cast<size_t>(comm.rank());
    const int64_t first = std::accumulate(counts.begin(), counts.begin() + comm.rank(), int64_t{0});
    expect(
        Tensor(x.storage(), DType::f32, {counts[rank]}, {1}, first),
        [&](int64_t i) {
          double sum = 0;
          for (int r = 0; r < comm.size(); ++r) sum += whole(r, first + i);
          return sum;
        },
        "the own part");
  }
}

void all_gather_hands_out_parts(Communicator& comm) {
  for (const DType dtype : kAllDTypes) {
    for (const int64_t scale : {1, 1000, 200'000}) {
      const std::vector<int64_t> counts = uneven_counts(comm.size(), scale);
      std::vector<int> owner;
      for (int r = 0; r < comm.size(); ++r)
        owner.insert(owner.end(), static_cast<size_t>(counts[static_cast<size_t>(r)]), r);
      const auto value = [&](int r, int64_t i) { return std::abs(whole(r, i)); };
      const Tensor x = make(total(counts), dtype, [&](int64_t i) {
        return owner[static_cast<size_t>(i)] == comm.rank() ? value(comm.rank(), i) : 0.0;
      });
      comm.all_gather(x, counts).wait();
      expect(x, [&](int64_t i) { return value(owner[static_cast<size_t>(i)], i); }, "what was gathered");
    }
  }
}

void broadcast_from_every_root(Communicator& comm) {
  for (int root = 0; root < comm.size(); ++root) {
    for (const int64_t count : kSizes) {
      const Tensor x = make(count, DType::i32, [&](int64_t i) { return whole(comm.rank(), i); });
      comm.broadcast(x, root).wait();
      expect(x, [&](int64_t i) { return whole(root, i); }, "what was broadcast");
    }
  }
}

void all_to_all_delivers(Communicator& comm) {
  for (const int64_t scale : {1, 500, 200'000}) {
    const auto count = [&](int from, int to) { return (from * 5 + to * 3) % 4 * scale; };
    std::vector<int64_t> sent, received;
    std::vector<double> values, wanted;
    for (int s = 0; s < comm.size(); ++s) {
      sent.push_back(count(comm.rank(), s));
      received.push_back(count(s, comm.rank()));
      for (int64_t i = 0; i < sent.back(); ++i) values.push_back(whole(comm.rank(), i) + 100 * s);
      for (int64_t i = 0; i < received.back(); ++i) wanted.push_back(whole(s, i) + 100 * comm.rank());
    }
    const auto at = [](const std::vector<double>& v) { return [&](int64_t i) { return v[static_cast<size_t>(i)]; }; };
    const Tensor in = make(std::ssize(values), DType::f32, at(values));
    const Tensor out = zeros({std::ssize(wanted)});
    comm.all_to_all(in, sent, out, received).wait();
    expect(out, at(wanted), "what was received");
    expect(in, at(values), "what was sent");
  }
}

void many_at_a_time(Communicator& comm) {
  std::vector<Tensor> tensors;
  std::vector<Work> works;
  for (int i = 0; i < 20; ++i) {
    tensors.push_back(make(1 + i * 997, DType::f64, [&](int64_t) { return comm.rank() + i; }));
    works.push_back(i % 3 == 2 ? comm.broadcast(tensors.back(), i % comm.size())
                               : comm.all_reduce(tensors.back(), Reduction::sum));
  }
  for (size_t i = works.size(); i-- > 0;) works[i].wait();  // the last one first
  for (int i = 0; i < 20; ++i) {
    require<Error>(works[static_cast<size_t>(i)].done(), "Work", "is not done after wait()");
    const double sum = comm.size() * (comm.size() - 1) / 2.0 + comm.size() * i;
    const double wanted = i % 3 == 2 ? i % comm.size() + i : sum;
    expect(tensors[static_cast<size_t>(i)], [&](int64_t) { return wanted; }, str("result ", i));
  }
}

void works_that_nobody_waits_for(Communicator& comm) {
  for (int i = 0; i < 5; ++i) comm.all_reduce(full({10'000}, 1), Reduction::sum);
  comm.barrier();
}

/// The sum of ranks first..first+count as a binary tree, in f32.
float tree_sum(int first, int count, int64_t i) {
  return count == 1 ? random_value(first, i)
                    : tree_sum(first, count / 2, i) + tree_sum(first + count / 2, count / 2, i);
}

void sums_are_a_fixed_tree(Communicator& comm) {
  for (const int64_t count : {int64_t{100}, int64_t{20'000}}) {
    const Tensor x = make(count, DType::f32, [&](int64_t i) { return random_value(comm.rank(), i); });
    const Tensor again = clone(x);
    comm.all_reduce(x, Reduction::sum).wait();
    comm.all_reduce(again, Reduction::sum).wait();
    require<Error>(x.to_vector<float>() == again.to_vector<float>(), "all_reduce", "gave other bits the second time");
    expect_same_everywhere(comm, x, "the sum");
    if (std::has_single_bit(static_cast<unsigned>(comm.size())))
      expect(x, [&](int64_t i) { return tree_sum(0, comm.size(), i); }, "the tree");
  }
}

void bf16_on_the_wire_adds_in_f32(Communicator& comm) {
  const int64_t count = 50'003;
  const auto sum_for = [&](int owner, int64_t i) {
    float sum = 0;
    for (int r = 0; r < comm.size(); ++r) {
      const float value = random_value(r, i);
      sum += r == owner ? value : static_cast<float>(BFloat16(value));
    }
    return sum;
  };
  const CallOptions options{.bf16_on_the_wire = true};
  const auto owner_of = [&](int64_t i) {
    int owner = 0;
    while (count * (owner + 1) / comm.size() <= i) ++owner;
    return owner;
  };
  const Tensor x = make(count, DType::f32, [&](int64_t i) { return random_value(comm.rank(), i); });
  comm.all_reduce(x, Reduction::sum, options).wait();
  if (comm.size() > 1)
    expect(x, [&](int64_t i) { return static_cast<float>(BFloat16(sum_for(owner_of(i), i))); }, "the sum");

  const std::vector<int64_t> counts = uneven_counts(comm.size(), 1000);
  const Tensor y = make(total(counts), DType::f32, [&](int64_t i) { return random_value(comm.rank(), i); });
  comm.reduce_scatter(y, counts, Reduction::sum, options).wait();
  const int64_t first = std::accumulate(counts.begin(), counts.begin() + comm.rank(), int64_t{0});
  expect(
      Tensor(y.storage(), DType::f32, {counts[static_cast<size_t>(comm.rank())]}, {1}, first),
      [&](int64_t i) { return sum_for(comm.rank(), first + i); }, "the own part");
}

void views_of_a_larger_tensor(Communicator& comm) {
  const Tensor arena = full({1000}, 1);
  const Tensor slice(arena.storage(), DType::f32, {300}, {1}, 200);
  comm.all_reduce(slice, Reduction::sum).wait();
  expect(arena, [&](int64_t i) { return i >= 200 && i < 500 ? comm.size() : 1; }, "the arena");
}

}  // namespace

const std::vector<CommCase>& comm_cases() {
  static const std::vector<CommCase> cases = {
      {"AllReduceAdds", all_reduce_adds},
      {"AllReduceFindsExtremes", all_reduce_finds_extremes},
      {"NanAndZerosDoNotDependOnTheOrder", nan_and_zeros_do_not_depend_on_the_order},
      {"IntegersWrapAround", integers_wrap_around},
      {"ReduceScatterLeavesTheOwnPart", reduce_scatter_leaves_the_own_part},
      {"AllGatherHandsOutParts", all_gather_hands_out_parts},
      {"BroadcastFromEveryRoot", broadcast_from_every_root},
      {"AllToAllDelivers", all_to_all_delivers},
      {"ManyAtATime", many_at_a_time},
      {"WorksThatNobodyWaitsFor", works_that_nobody_waits_for},
      {"SumsAreAFixedTree", sums_are_a_fixed_tree},
      {"Bf16OnTheWireAddsInF32", bf16_on_the_wire_adds_in_f32},
      {"ViewsOfALargerTensor", views_of_a_larger_tensor},
  };
  return cases;
}

}  // namespace triad::comm
