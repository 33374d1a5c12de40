#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/comm/comm_cases.h"
#include "tests/harness/message_of.h"
#include "triad/core/comm/checked.h"
#include "triad/core/comm/communicator.h"
#include "triad/core/comm/faulty.h"
#include "triad/core/comm/recorded.h"
#include "triad/core/comm/threads.h"

namespace triad::comm {
namespace {

using harness::message_of;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class EveryCommunicator : public testing::TestWithParam<std::tuple<CommCase, int>> {};

TEST_P(EveryCommunicator, OfThreads) {
  const auto& [what, size] = GetParam();
  EXPECT_EQ(message_of<Error>([&] { run_ranks(size, what.run); }), "nothing was thrown");
}

TEST_P(EveryCommunicator, OfThreadsChecked) {
  const auto& [what, size] = GetParam();
  EXPECT_EQ(message_of<Error>([&] {
              run_ranks(size, [&](Communicator& comm) {
                Checked checked(comm);
                what.run(checked);
              });
            }),
            "nothing was thrown");
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<CommCase, int>>& info) {
  return std::get<0>(info.param).name + "On" + std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryCommunicator,
                         testing::Combine(testing::ValuesIn(comm_cases()), testing::Values(1, 2, 3, 4, 8)),
                         name_of_case);

class Single : public testing::TestWithParam<CommCase> {};

TEST_P(Single, DoesWhatTheOthersDo) {
  const auto comm = make_single();
  EXPECT_EQ(message_of<Error>([&] { GetParam().run(*comm); }), "nothing was thrown");
}

INSTANTIATE_TEST_SUITE_P(Cases, Single, testing::ValuesIn(comm_cases()), [](const auto& i) { return i.param.name; });

TEST(Barrier, HoldsEveryRank) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> arrived = 0;
    run_ranks(4, [&](Communicator& comm) {
      if (comm.rank() == round % 4) std::this_thread::sleep_for(2ms);
      ++arrived;
      comm.barrier();
      EXPECT_EQ(arrived, 4);
    });
  }
}

TEST(Communicator, RefusesWhatNoRankCanUse) {
  run_ranks(2, [](Communicator& comm) {
    const Tensor x = zeros({4}), bytes = zeros({4}, DType::u8);
    const Tensor gaps(x.storage(), DType::f32, {2}, {2}, 0);
    const auto all_reduce = [&](const Tensor& t) { return [&comm, t] { comm.all_reduce(t, Reduction::sum); }; };
    EXPECT_THAT(message_of<ValueError>(all_reduce({})), HasSubstr("all_reduce: x is undefined"));
    EXPECT_EQ(message_of<ShapeError>(all_reduce(gaps)), "all_reduce: x is not contiguous: shape [2], strides [2]");
    EXPECT_EQ(message_of<DTypeError>(all_reduce(bytes)), "all_reduce: cannot reduce u8, only f32, f64, bf16, i64, i32");
    EXPECT_EQ(message_of<ValueError>([&] { comm.all_gather(x, {4}); }),
              "all_gather: 1 counts for x, expected one for each of 2 ranks");
    EXPECT_EQ(message_of<ValueError>([&] { comm.all_gather(x, {5, -1}); }), "all_gather: a count for x is negative");
    EXPECT_EQ(message_of<ShapeError>([&] { comm.reduce_scatter(x, {1, 2}, Reduction::sum); }),
              "reduce_scatter: the counts for x add up to 3, it has 4 elements");
    EXPECT_EQ(message_of<ValueError>([&] { comm.broadcast(x, 2); }), "broadcast: root is 2, there are ranks 0 to 1");
    EXPECT_EQ(message_of<ValueError>([&] { comm.all_to_all(x, {2, 2}, x, {2, 2}); }),
              "all_to_all: in and out share memory");
    EXPECT_EQ(message_of<ValueError>([&] { comm.all_reduce(x, Reduction::max, {.bf16_on_the_wire = true}); }),
              "all_reduce: bf16 on the wire is for sums of f32");
    comm.barrier();  // nothing of that was a collective
  });
  EXPECT_EQ(message_of<ValueError>([] { run_ranks(0, [](Communicator&) {}); }),
            "run_ranks: expected at least 1 rank, got 0");
}

/// The errors of all ranks of a run in which some are expected.
class Failing {
 public:
  template <class Body>
  Failing(int size, const Body& body) : errors_(static_cast<size_t>(size)) {
    run_ranks(size, [&](Communicator& comm) {
      try {
        body(comm);
      } catch (const std::exception& e) {
        errors_[static_cast<size_t>(comm.rank())] = e.what();
        comm.abort("the test is over");
      }
    });
  }
  const std::string& of(int rank) const { return errors_[static_cast<size_t>(rank)]; }

 private:
  std::vector<std::string> errors_;
};

TEST(Failures, ARankThatDoesNotComeIsNamedWithOperationAndPlace) {
  const Failing run(3, [](Communicator& comm) {
    if (comm.rank() != 2) comm.all_reduce(zeros({3}), Reduction::sum, {.name = "gradients 3", .timeout = 50ms}).wait();
    else std::this_thread::sleep_for(200ms);
  });
  // One of them is the first to lose patience, and ends the other's wait.
  EXPECT_THAT(run.of(0) + run.of(1),
              AllOf(HasSubstr(" of 3, collective 0, all_reduce 'gradients 3' of f32 [3] (comm_test.cpp:"),
                    HasSubstr("rank 2: did not take part in time")));
}

TEST(Failures, ACommunicatorThatHasFailedFailsFromThenOn) {
  const auto start = std::chrono::steady_clock::now();
  run_ranks(2, [](Communicator& comm) {
    comm.set_timeout(50ms);
    if (comm.rank() == 1) return std::this_thread::sleep_for(100ms);
    const Tensor x = zeros({3});
    Work first = comm.all_reduce(x, Reduction::sum), second = comm.all_reduce(x, Reduction::sum);
    EXPECT_THAT(message_of<TimeoutError>([&] { first.wait(); }), HasSubstr("collective 0"));
    EXPECT_THAT(message_of<TimeoutError>([&] { first.wait(); }), HasSubstr("collective 0"));
    EXPECT_THAT(message_of<TimeoutError>([&] { second.wait(); }), HasSubstr("collective 0"));
    EXPECT_THAT(message_of<TimeoutError>([&] { comm.barrier(); }), HasSubstr("collective 0"));
  });
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Failures, AnErrorOfOneRankEndsAllAndIsTheOneThatIsThrown) {
  EXPECT_EQ(message_of<ValueError>([] {
              run_ranks(4, [](Communicator& comm) {
                if (comm.rank() == 3) fail<ValueError>("sample 17", "is damaged");
                comm.barrier();
                comm.barrier();
              });
            }),
            "sample 17: is damaged");
}

TEST(Failures, AbortEndsWhatIsUnderWay) {
  run_ranks(2, [](Communicator& comm) {
    if (comm.rank() == 1) {
      std::this_thread::sleep_for(20ms);
      return comm.abort("the operator said so");
    }
    EXPECT_THAT(message_of<CommError>([&] { comm.barrier(); }), HasSubstr("given up: the operator said so"));
  });
}

TEST(Failures, PartsOfOtherSizesAreFound) {
  const Failing run(
      2, [](Communicator& comm) { comm.all_reduce(zeros({comm.rank() == 0 ? 10 : 5}), Reduction::sum).wait(); });
  EXPECT_THAT(run.of(0) + run.of(1), HasSubstr("bytes are sent"));
}

/// What four ranks say of a third call in which rank 2 does wrong; all values are as they were.
class Mismatch : public testing::TestWithParam<Fault::Kind> {
 protected:
  void expect_all_say(Fault::Kind kind, const std::string& words) {
    const Failing run(4, [&](Communicator& comm) {
      Checked checked(comm);
      std::vector<Fault> faults;
      if (comm.rank() == 2) faults.push_back({.kind = kind, .call = 2});
      Faulty faulty(checked, faults);
      const Tensor ones = full({8}, 1), twos = full({8}, 2), threes = full({8}, 3);
      faulty.all_reduce(ones, Reduction::sum, {.name = "first"}).wait();
      faulty.all_reduce(twos, Reduction::sum, {.name = "second"}).wait();
      const auto expect_untouched = [&] {
        EXPECT_THAT(threes.to_vector<float>(), testing::Each(3));
        EXPECT_THAT(ones.to_vector<float>(), testing::Each(4));
      };
      try {
        faulty.all_reduce(threes, Reduction::sum, {.name = "third"}).wait();
        faulty.all_reduce(ones, Reduction::sum, {.name = "fourth"}).wait();
      } catch (const MismatchError&) {
        expect_untouched();
        throw;
      }
    });
    for (int rank = 0; rank < 4; ++rank) {
      EXPECT_THAT(run.of(rank), AllOf(HasSubstr("rank 2 is at call"), HasSubstr("ranks 0, 1, 3 are at call"),
                                      HasSubstr(words), HasSubstr("comm_test.cpp:")))
          << "rank " << rank;
    }
  }
};

TEST_F(Mismatch, OfTheNumberOfElements) { expect_all_say(Fault::Kind::halved, "all_reduce 'third' of f32 [4]"); }
TEST_F(Mismatch, OfTheDtype) { expect_all_say(Fault::Kind::other_dtype, "all_reduce 'third' of i32 [8]"); }
TEST_F(Mismatch, OfTheOrder) { expect_all_say(Fault::Kind::other_order, "call 2: all_reduce 'fourth'"); }
TEST_F(Mismatch, OfARankThatSkips) { expect_all_say(Fault::Kind::skipped, "call 2: all_reduce 'fourth'"); }

TEST_F(Mismatch, OfKindReductionRootCountsAndName) {
  const auto message = [](const std::function<void(Communicator&, bool other)>& call) {
    return message_of<MismatchError>([&] {
      run_ranks(3, [&](Communicator& comm) {
        Checked checked(comm);
        call(checked, comm.rank() == 1);
      });
    });
  };
  const std::string text = "rank 1 is at call 0";
  EXPECT_THAT(message([](Communicator& c, bool other) {
                const Tensor x = zeros({6});
                (other ? c.broadcast(x, 0) : c.all_reduce(x, Reduction::sum)).wait();
              }),
              AllOf(HasSubstr(text), HasSubstr("broadcast of f32 [6]")));
  EXPECT_THAT(message([](Communicator& c, bool other) {
                c.all_reduce(zeros({6}), other ? Reduction::max : Reduction::sum).wait();
              }),
              HasSubstr(text));
  EXPECT_THAT(message([](Communicator& c, bool other) { c.broadcast(zeros({6}), other ? 1 : 0).wait(); }),
              HasSubstr(text));
  EXPECT_THAT(message([](Communicator& c, bool other) {
                c.all_gather(zeros({6}), other ? std::vector<int64_t>{1, 2, 3} : std::vector<int64_t>{2, 2, 2}).wait();
              }),
              HasSubstr(text));
  EXPECT_THAT(message([](Communicator& c, bool other) {
                c.all_reduce(zeros({6}), Reduction::sum, {.name = other ? "loss" : "norm"}).wait();
              }),
              AllOf(HasSubstr(text), HasSubstr("'loss'"), HasSubstr("'norm'")));
  EXPECT_THAT(message([](Communicator& c, bool other) {
                c.all_reduce(zeros({6}), Reduction::sum, {.bf16_on_the_wire = other}).wait();
              }),
              HasSubstr(text));
}

TEST_F(Mismatch, OfWhatIsSentAndExpected) {
  EXPECT_THAT(message_of<MismatchError>([] {
                run_ranks(3, [&](Communicator& comm) {
                  Checked checked(comm);
                  const bool other = comm.rank() == 1;
                  const Tensor in = zeros({3}), out = zeros({other ? 4 : 3});
                  checked.all_to_all(in, {1, 1, 1}, out, {1, 1, other ? 2 : 1}).wait();
                });
              }),
              HasSubstr("rank 2 sends 1 elements to rank 1, which expects 2"));
}

TEST_F(Mismatch, IsLookedForInTheFirstCallsOnly) {
  run_ranks(2, [](Communicator& comm) {
    Recorded recorded(comm);
    Checked checked(recorded, 2);
    for (int i = 0; i < 5; ++i) checked.all_reduce(zeros({3}), Reduction::sum).wait();
    EXPECT_EQ(recorded.count(), 5 + 2);
  });
}

TEST(Faulty, ARankThatIsLateChangesNothing) {
  run_ranks(3, [](Communicator& comm) {
    Faulty faulty(comm, comm.rank() == 1 ? std::vector<Fault>{{.call = 0, .delay = 20ms}} : std::vector<Fault>{});
    const Tensor x = full({3}, 1);
    faulty.all_reduce(x, Reduction::sum).wait();
    EXPECT_THAT(x.to_vector<float>(), testing::Each(3));
  });
}

TEST(Recorded, KeepsTheLastCallsAndCountsAll) {
  run_ranks(2, [](Communicator& comm) {
    Recorded recorded(comm, 2);
    recorded.all_reduce(zeros({3}), Reduction::sum, {.name = "first"}).wait();
    recorded.broadcast(zeros({4}, DType::i64), 0, {.name = "second"}).wait();
    recorded.all_reduce(zeros({5}), Reduction::sum, {.name = "third", .bf16_on_the_wire = true}).wait();
    EXPECT_EQ(recorded.count(), 3);
    const std::vector<RecordedCall> calls = recorded.calls();
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[0].name, "second");
    EXPECT_EQ(calls[0].kind, CollectiveKind::broadcast);
    EXPECT_EQ(calls[0].elements, 4);
    EXPECT_EQ(calls[1].number, 2);
    EXPECT_EQ(calls[1].wire, DType::bf16);
    EXPECT_THAT(calls[1].where, HasSubstr("comm_test.cpp:"));
    recorded.forget();
    EXPECT_EQ(recorded.count(), 0);
  });
}

TEST(Threads, ComputeWhileMessagesMove) {
  run_ranks(2, [](Communicator& comm) {
    const Tensor x = full({4'000'000}, 1);
    Work work = comm.all_reduce(x, Reduction::sum);
    comm.rank();
    while (!work.done()) std::this_thread::sleep_for(1ms);  // nobody waits, and it ends
    work.wait();
    EXPECT_EQ(x.to_vector<float>()[3'999'999], 2);
  });
}

}  // namespace
}  // namespace triad::comm
