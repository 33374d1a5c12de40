#include "triad/train/control/control.h"

#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/train/control/line_socket.h"
#include "triad/train/control/messages.h"

namespace triad::train {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr ControlOptions kQuick{.beat = 10ms, .silence = 300ms};

/// A rank with its link, which notes the fault that it is told.
class Rank {
 public:
  Rank(const ControlHub& hub, int rank)
      : link_(std::make_unique<ControlLink>(hub.invitation(), rank, kQuick, status, [this](const Fault& fault) {
          const std::lock_guard lock(mutex_);
          fault_ = fault;
          told_.notify_all();
        })) {}

  /// The fault, which has to come within five seconds.
  Fault fault() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(told_.wait_for(lock, 5s, [this] { return fault_.has_value(); }));
    return fault_.value_or(Fault{});
  }
  bool is_told() {
    const std::lock_guard lock(mutex_);
    return fault_.has_value();
  }
  void leave() { link_.reset(); }
  ControlLink& link() { return *link_; }

  RankStatus status;

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::optional<Fault> fault_;
  std::unique_ptr<ControlLink> link_;  // last: it calls back
};

/// A connection that says what a rank would say, and no more.
class Puppet {
 public:
  Puppet(const ControlHub& hub, int rank) {
    const Invitation invitation = parse_invitation(hub.invitation());
    socket = connect_to({"127.0.0.1"}, invitation.port, 1s);
    socket.send(hello_message(invitation.token, rank, "far away", 17));
    socket.send(beat_message({.phase = "step", .step = 41, .calls = 812, .operation = "all_reduce 'gradients 3'"}));
  }
  LineSocket socket;
};

TEST(Control, ARankThatIsLostIsNamedToAllOthers) {
  ControlHub hub(3, kQuick);
  Rank first(hub, 0), second(hub, 1);
  {
    Puppet third(hub, 2);
    std::this_thread::sleep_for(100ms);
  }
  for (Rank* rank : {&first, &second}) {
    const Fault fault = rank->fault();
    EXPECT_EQ(fault.code, 76);
    EXPECT_EQ(fault.text,
              "rank 2 (far away, process 17) is lost: its connection has ended, in phase 'step' 41, at call 812, "
              "all_reduce 'gradients 3'");
  }
}

TEST(Control, ARankThatSaysNothingIsStopped) {
  ControlHub hub(2, kQuick);
  Rank first(hub, 0);
  const Puppet second(hub, 1);
  const Fault fault = first.fault();
  EXPECT_EQ(fault.code, 77);
  EXPECT_THAT(fault.text, AllOf(HasSubstr("rank 1 (far away, process 17) has said nothing for 0.3 s"),
                                HasSubstr("it was in phase 'step' 41")));
}

TEST(Control, TheRankThatIsBehindIsTheOneThatIsStuck) {
  ControlHub hub(2, kQuick);
  Rank first(hub, 0), second(hub, 1);
  for (Rank* rank : {&first, &second}) rank->status.enter("step", 7, 200ms);
  first.status.begin({.kind = comm::CollectiveKind::barrier, .name = "end of the step"});
  const Fault fault = first.fault();
  EXPECT_EQ(fault.code, 77);
  EXPECT_THAT(fault.text,
              AllOf(HasSubstr("rank 1 ("), HasSubstr(" is stuck in phase 'step' 7: nothing has happened for"),
                    HasSubstr("the limit is 0.2 s")));
  EXPECT_EQ(second.fault().text, fault.text);
}

TEST(Control, ADeadlockIsNobodysFaultAlone) {
  ControlHub hub(2, kQuick);
  Rank first(hub, 0), second(hub, 1);
  for (Rank* rank : {&first, &second}) rank->status.enter("saving", 0, 200ms);
  EXPECT_THAT(first.fault().text, HasSubstr(" and all others are stuck in phase 'saving'"));
}

TEST(Control, WhoMovesIsNotStuck) {
  ControlHub hub(1, kQuick);
  Rank first(hub, 0);
  for (int i = 0; i < 30; ++i) {
    first.status.enter("step", i, 200ms);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_FALSE(first.is_told());
}

TEST(Control, AFailureIsToldWithItsWords) {
  ControlHub hub(2, kQuick);
  Rank first(hub, 0), second(hub, 1);
  second.link().report_failure("sample 17: is damaged\n  hint: \xff take another");
  const Fault fault = first.fault();
  EXPECT_EQ(fault.code, 76);
  EXPECT_THAT(fault.text, AllOf(HasSubstr("rank 1 ("), HasSubstr(") failed: sample 17: is damaged\n  hint: ")));
}

TEST(Control, TheFirstFaultIsTheOneThatCounts) {
  ControlHub hub(3, kQuick);
  Rank first(hub, 0), second(hub, 1);
  std::optional<Puppet> third(std::in_place, hub, 2);
  std::this_thread::sleep_for(50ms);
  third.reset();
  const std::string text = first.fault().text;
  second.link().report_failure("a consequence");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(first.fault().text, text);
  Rank late(hub, 2);  // and whoever comes later hears of it
  EXPECT_EQ(late.fault().text, text);
}

TEST(Control, AFarewellIsNoFault) {
  ControlHub hub(2, kQuick);
  Rank first(hub, 0);
  {
    Rank second(hub, 1);
    std::this_thread::sleep_for(50ms);
  }
  std::this_thread::sleep_for(400ms);
  EXPECT_FALSE(first.is_told());
}

TEST(Control, WithoutRankZeroTheOthersKnow) {
  auto hub = std::make_unique<ControlHub>(2, kQuick);
  Rank second(*hub, 1);
  std::this_thread::sleep_for(50ms);
  hub.reset();
  const Fault fault = second.fault();
  EXPECT_EQ(fault.code, 76);
  EXPECT_EQ(fault.text, "rank 0 is lost: its control connection has ended");
}

TEST(Control, StrangersAreNotListenedTo) {
  ControlHub hub(1, kQuick);
  Rank first(hub, 0);
  const int port = parse_invitation(hub.invitation()).port;
  for (const std::string& line :
       {std::string("GET / HTTP/1.1"), hello_message("a guess", 1, "h", 1), std::string("{\"hello\": 7}"),
        std::string(200'000, 'x'), std::string("{\"rank\": {}}"), std::string("\xff\xfe")}) {
    LineSocket stranger = connect_to({"127.0.0.1"}, port, 1s);
    stranger.send(line);
    for (int i = 0; i < 100 && stranger.exchange(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_FALSE(stranger.is_open()) << line.substr(0, 40);
  }
  EXPECT_FALSE(first.is_told());
}

TEST(Control, AHubThatCannotBeReachedIsNamed) {
  const int closed = LineListener().port();
  EXPECT_THAT(harness::message_of<IoError>([&] { connect_to({"127.0.0.1"}, closed, 100ms); }),
              HasSubstr(str("rank 0 cannot be reached at port ", closed, " of 127.0.0.1 (Connection refused)")));
  EXPECT_THAT(harness::message_of<IoError>([] { parse_invitation("no JSON"); }),
              HasSubstr("an invitation that cannot be read"));
}

}  // namespace
}  // namespace triad::train
