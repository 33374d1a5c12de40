// Plans are carried out here by hand, on all ranks at once, with values that say what they are the sum of.
#include "triad/core/comm/plan.h"

#include <deque>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triad::comm {
namespace {

/// Every rank's buffer; an element is the text of a sum: "(0+1)".
using Buffers = std::vector<std::vector<std::string>>;

std::string sum_of(const std::string& a, const std::string& b) {
  return a < b ? "(" + a + "+" + b + ")" : "(" + b + "+" + a + ")";
}

/// Messages between ranks, in order of sending.
using Network = std::map<std::pair<int, int>, std::deque<std::vector<std::string>>>;

std::vector<std::string> gather(const std::vector<std::string>& buffer, const std::vector<Range>& ranges) {
  std::vector<std::string> values;
  for (const Range& r : ranges)
    values.insert(values.end(), buffer.begin() + r.first, buffer.begin() + r.first + r.count);
  return values;
}

/// Exchange by exchange, whichever rank can go on. Expects that all plans end.
void carry_out(const std::vector<Plan>& plans, const Buffers& read, Buffers& written, bool in_place) {
  Network network;
  std::vector<size_t> at(plans.size());
  std::vector<bool> has_sent(plans.size());
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t r = 0; r < plans.size(); ++r) {
      if (at[r] == plans[r].size()) continue;
      const Exchange& x = plans[r][at[r]];
      const int self = static_cast<int>(r);
      if (!has_sent[r]) {
        if (x.to != Exchange::kNone) network[{self, x.to}].push_back(gather(in_place ? written[r] : read[r], x.sent));
        has_sent[r] = moved = true;
      }
      if (x.from != Exchange::kNone) {
        auto& inbox = network[{x.from, self}];
        if (inbox.empty()) continue;
        const std::vector<std::string> values = std::move(inbox.front());
        inbox.pop_front();
        size_t i = 0;
        for (const Range& range : x.received) {
          for (int64_t e = range.first; e < range.first + range.count; ++e) {
            std::string& element = written[r][static_cast<size_t>(e)];
            element = x.reduces ? sum_of(element, values.at(i)) : values.at(i);
            ++i;
          }
        }
        EXPECT_EQ(i, values.size()) << "rank " << r << " expects another number of elements than it is sent";
      }
      ++at[r];
      has_sent[r] = false;
      moved = true;
    }
  }
  for (size_t r = 0; r < plans.size(); ++r) EXPECT_EQ(at[r], plans[r].size()) << "rank " << r << " waits for ever";
  for (const auto& [pair, inbox] : network) EXPECT_TRUE(inbox.empty()) << "a message was never received";
}

std::vector<Plan> plans_of(int size, const std::function<Plan(int rank)>& plan) {
  std::vector<Plan> plans;
  for (int rank = 0; rank < size; ++rank) plans.push_back(plan(rank));
  return plans;
}

Buffers own_values(int size, int64_t count) {
  Buffers buffers;
  for (int r = 0; r < size; ++r) buffers.emplace_back(static_cast<size_t>(count), std::to_string(r));
  return buffers;
}

/// How often each rank is in a sum.
std::map<std::string, int> addends(const std::string& sum) {
  std::map<std::string, int> counts;
  std::string number;
  for (const char c : sum + "+") {
    if (c >= '0' && c <= '9') number += c;
    else if (!number.empty()) ++counts[std::exchange(number, {})];
  }
  return counts;
}

void expect_sum_of_all(const std::string& sum, int size) {
  const auto counts = addends(sum);
  EXPECT_EQ(std::ssize(counts), size) << sum;
  for (const auto& [rank, count] : counts) EXPECT_EQ(count, 1) << rank << " in " << sum;
}

class Plans : public testing::TestWithParam<int> {
 protected:
  int size() const { return GetParam(); }
  /// Parts of other sizes for each rank, some empty.
  std::vector<int64_t> uneven_counts() const {
    std::vector<int64_t> counts;
    for (int r = 0; r < size(); ++r) counts.push_back(r % 3 == 1 ? 0 : 1 + r % 4);
    return counts;
  }
};

TEST_P(Plans, AllReduceAddsEveryRankOnceAndAlikeOnAllRanks) {
  for (const int64_t count : {int64_t{1}, int64_t{5}, int64_t{64}, kAtOnce + 3}) {
    Buffers buffers = own_values(size(), count);
    carry_out(plans_of(size(), [&](int rank) { return plan_all_reduce(rank, size(), count); }), buffers, buffers, true);
    for (int64_t e = 0; e < count; e += 1 + count / 100) {
      const std::string& sum = buffers[0][static_cast<size_t>(e)];
      expect_sum_of_all(sum, size());
      for (const auto& buffer : buffers) EXPECT_EQ(buffer[static_cast<size_t>(e)], sum);
    }
  }
}

TEST_P(Plans, ReduceScatterLeavesThePartOfARank) {
  const std::vector<Range> parts = parts_of(uneven_counts());
  const int64_t total = parts.back().first + parts.back().count;
  Buffers buffers = own_values(size(), total);
  carry_out(plans_of(size(), [&](int rank) { return plan_reduce_scatter(rank, parts); }), buffers, buffers, true);
  for (size_t r = 0; r < buffers.size(); ++r) {
    for (int64_t e = parts[r].first; e < parts[r].first + parts[r].count; ++e)
      expect_sum_of_all(buffers[r][static_cast<size_t>(e)], size());
  }
}

TEST_P(Plans, AllGatherHandsOutEveryPart) {
  const std::vector<Range> parts = parts_of(uneven_counts());
  const int64_t total = parts.back().first + parts.back().count;
  Buffers buffers = own_values(size(), total);
  carry_out(plans_of(size(), [&](int rank) { return plan_all_gather(rank, parts); }), buffers, buffers, true);
  for (const auto& buffer : buffers) {
    for (size_t r = 0; r < buffers.size(); ++r) {
      for (int64_t e = parts[r].first; e < parts[r].first + parts[r].count; ++e)
        EXPECT_EQ(buffer[static_cast<size_t>(e)], std::to_string(r));
    }
  }
}

TEST_P(Plans, BroadcastReachesEveryRankFromEveryRoot) {
  for (int root = 0; root < size(); ++root) {
    Buffers buffers = own_values(size(), 2);
    carry_out(plans_of(size(), [&](int rank) { return plan_broadcast(rank, size(), root, 2); }), buffers, buffers,
              true);
    for (const auto& buffer : buffers) EXPECT_THAT(buffer, testing::Each(std::to_string(root)));
  }
}

TEST_P(Plans, AllToAllDelivers) {
  const auto count = [](int from, int to) { return int64_t{(from * 5 + to * 3) % 4}; };
  std::vector<Plan> plans;
  Buffers read, written;
  for (int r = 0; r < size(); ++r) {
    std::vector<int64_t> sent, received;
    read.emplace_back();
    for (int s = 0; s < size(); ++s) {
      sent.push_back(count(r, s));
      received.push_back(count(s, r));
      for (int64_t i = 0; i < count(r, s); ++i) read.back().push_back(std::to_string(r) + ">" + std::to_string(s));
    }
    int64_t total = 0;
    for (const int64_t c : received) total += c;
    written.emplace_back(static_cast<size_t>(total));
    plans.push_back(plan_all_to_all(r, parts_of(sent), parts_of(received)));
  }
  carry_out(plans, read, written, false);
  for (int r = 0; r < size(); ++r) {
    std::vector<std::string> expected;
    for (int s = 0; s < size(); ++s) {
      for (int64_t i = 0; i < count(s, r); ++i) expected.push_back(std::to_string(s) + ">" + std::to_string(r));
    }
    EXPECT_EQ(written[static_cast<size_t>(r)], expected);
  }
}

TEST_P(Plans, NoRankLeavesABarrierBeforeAllHaveCome) {
  // What has reached a rank: bits of the ranks it heard of, its own to begin with.
  std::vector<Plan> plans = plans_of(size(), [&](int rank) { return plan_barrier(rank, size()); });
  std::vector<uint64_t> heard;
  for (int r = 0; r < size(); ++r) heard.push_back(uint64_t{1} << r);
  for (size_t i = 0; i < plans[0].size(); ++i) {
    const std::vector<uint64_t> before = heard;
    for (size_t r = 0; r < heard.size(); ++r) heard[r] |= before[static_cast<size_t>(plans[r][i].from)];
  }
  for (const uint64_t h : heard) EXPECT_EQ(std::popcount(h), size());
}

/// Bytes sent by a rank are those of the best algorithms: 2 (n-1)/n of all for an all_reduce.
TEST_P(Plans, SendNoMoreThanNeeded) {
  const int64_t count = 840 * 100;  // a multiple of every size here
  for (int rank = 0; rank < size(); ++rank) {
    int64_t sent = 0;
    for (const Exchange& x : plan_all_reduce(rank, size(), count)) {
      for (const Range& r : x.sent) sent += r.count;
    }
    const int64_t needed = 2 * (size() - 1) * count / size();
    EXPECT_LE(std::abs(sent - needed), size()) << "beside what is left where parts are uneven";
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Plans, testing::Values(1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 31, 32));

TEST(Plans, TheTreeOfAPowerOfTwoIsTheOneOfItsHalves) {
  for (const int64_t count : {int64_t{8}, kAtOnce + 8}) {
    Buffers buffers = own_values(8, count);
    carry_out(plans_of(8, [&](int rank) { return plan_all_reduce(rank, 8, count); }), buffers, buffers, true);
    for (const std::string& sum : buffers[3]) ASSERT_EQ(sum, "(((0+1)+(2+3))+((4+5)+(6+7)))");
  }
  Buffers buffers = own_values(4, 4);
  carry_out(plans_of(4, [&](int rank) { return plan_reduce_scatter(rank, even_parts(4, 4)); }), buffers, buffers, true);
  for (size_t r = 0; r < 4; ++r) EXPECT_EQ(buffers[r][r], "((0+1)+(2+3))");
}

TEST(Plans, EvenPartsDifferByAtMostOne) {
  const std::vector<Range> parts = even_parts(10, 4);
  EXPECT_EQ(parts, (std::vector<Range>{{0, 2}, {2, 3}, {5, 2}, {7, 3}}));
}

}  // namespace
}  // namespace triad::comm
