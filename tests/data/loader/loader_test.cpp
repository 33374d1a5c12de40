#include "triad/data/loader/loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/message_of.h"
#include "triad/core/base/error.h"
#include "triad/core/base/philox.h"
#include "triad/core/cpu/parallel.h"

namespace triad::data {
namespace {

using harness::message_of;
using testing::HasSubstr;
using Indices = std::vector<int64_t>;

std::vector<int64_t> random_lengths(int64_t n) {
  std::vector<int64_t> lengths(static_cast<size_t>(n));
  RandomStream random(RandomKey{.seed = 3});
  for (int64_t& length : lengths) length = static_cast<int64_t>(random.below(1000));
  return lengths;
}

Indices all_of(const BatchPlan& plan) {
  Indices all;
  for (int64_t i = 0; i < plan.size(); ++i) all.insert(all.end(), plan.batch(i).begin(), plan.batch(i).end());
  return all;
}

Indices sorted(Indices v) {
  std::ranges::sort(v);
  return v;
}

Indices counting(int64_t n) {
  Indices v(static_cast<size_t>(n));
  std::iota(v.begin(), v.end(), int64_t{0});
  return v;
}

TEST(BatchPlan, EverySampleOnceInAnOrderOfSeedAndEpoch) {
  for (const bool with_lengths : {false, true}) {
    const Indices lengths = with_lengths ? random_lengths(1003) : Indices{};
    const PlanOptions options{.batch_size = 10, .seed = 7, .drop_last = false, .pool_batches = 8};
    const BatchPlan plan(1003, lengths, options, 0);
    EXPECT_EQ(plan.size(), 101);
    EXPECT_EQ(plan.batch(100).size(), 3u);
    EXPECT_EQ(sorted(all_of(plan)), counting(1003));
    EXPECT_EQ(all_of(plan), all_of(BatchPlan(1003, lengths, options, 0)));
    EXPECT_NE(all_of(plan), all_of(BatchPlan(1003, lengths, options, 1)));
    PlanOptions other = options;
    other.seed = 8;
    EXPECT_NE(all_of(plan), all_of(BatchPlan(1003, lengths, other, 0)));
    EXPECT_NE(plan.checksum(), BatchPlan(1003, lengths, other, 0).checksum());
  }
}

TEST(BatchPlan, DroppedSamplesChangeWithTheEpochWhateverTheirLength) {
  const Indices lengths = random_lengths(1003);
  std::set<int64_t> dropped;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    const Indices all = sorted(all_of(BatchPlan(1003, lengths, {.batch_size = 10, .seed = 1}, epoch)));
    EXPECT_EQ(all.size(), 1000u);
    for (const int64_t i : counting(1003)) {
      if (!std::ranges::binary_search(all, i)) dropped.insert(i);
    }
  }
  EXPECT_GT(dropped.size(), 40u);
}

TEST(BatchPlan, BatchesHoldSimilarLengthsInRandomOrder) {
  const Indices lengths = random_lengths(4096);
  const BatchPlan plan(4096, lengths, {.batch_size = 16, .seed = 1}, 0);
  double padded = 0, sum = 0, first_half = 0;
  for (int64_t i = 0; i < plan.size(); ++i) {
    int64_t longest = 0;
    for (const int64_t sample : plan.batch(i)) {
      longest = std::max(longest, lengths[static_cast<size_t>(sample)]);
      sum += static_cast<double>(lengths[static_cast<size_t>(sample)]);
      if (i < plan.size() / 2) first_half += static_cast<double>(lengths[static_cast<size_t>(sample)]);
    }
    padded += static_cast<double>(longest) * 16;
  }
  EXPECT_LT(padded / sum, 1.06);  // unsorted batches of 16 would be padded to 1.88 times their size
  EXPECT_NEAR(first_half / sum, 0.5, 0.05);

  // No part of a batch is longer than another: ranks work equally long.
  std::vector<double> by_place(16);
  for (int64_t i = 0; i < plan.size(); ++i) {
    for (size_t k = 0; k < 16; ++k) by_place[k] += static_cast<double>(lengths[static_cast<size_t>(plan.batch(i)[k])]);
  }
  EXPECT_NEAR(by_place.front() / by_place.back(), 1.0, 0.02);
}

TEST(BatchPlan, WithoutShuffleTheOrderIsThatOfTheData) {
  const BatchPlan plan(10, random_lengths(10), {.batch_size = 4, .shuffle = false, .drop_last = false}, 3);
  EXPECT_EQ(all_of(plan), counting(10));
}

TEST(BatchPlan, SizesThatDoNotFitAreErrors) {
  EXPECT_EQ(
      message_of<ValueError>([] { BatchPlan(3, {}, {.batch_size = 4}, 0); }),
      "loader: 3 samples do not fill one batch of 4\n  hint: make batches smaller, or keep the last, incomplete one "
      "(drop_last: false)");
  EXPECT_EQ(message_of<ValueError>([] { BatchPlan(0, {}, {}, 0); }), "loader: the data set is empty");
  EXPECT_THROW(BatchPlan(3, Indices{1, 2}, {}, 0), ValueError);
  EXPECT_THROW(BatchPlan(3, {}, {.batch_size = 0}, 0), ValueError);
  EXPECT_THROW(BatchPlan(3, {}, {}, -1), ValueError);
}

/// What a batch was made of, with a delay that differs from batch to batch so that workers overtake each other.
struct Made {
  Indices samples;
  int64_t first, sequence;
  friend bool operator==(const Made&, const Made&) = default;
};

Made make(const BatchIndices& indices) {
  std::this_thread::sleep_for(std::chrono::microseconds((indices.sequence * 7919) % 1500));
  return {{indices.samples.begin(), indices.samples.end()}, indices.first, indices.sequence};
}

LoaderOptions options_with(int workers, int rank = 0, int world = 1) {
  return {.plan = {.batch_size = 12, .seed = 5, .pool_batches = 4},
          .rank = rank,
          .world = world,
          .workers = workers,
          .prefetch = 3};
}

std::vector<Made> take(Loader<Made>& loader, int count) {
  std::vector<Made> batches;
  for (int i = 0; i < count; ++i) {
    auto loaded = loader.next();
    EXPECT_EQ(loaded->samples, loaded->batch.samples);
    EXPECT_TRUE(std::ranges::equal(loaded->indices.samples, loaded->samples));
    batches.push_back(std::move(loaded->batch));
  }
  return batches;
}

TEST(Loader, AWorkerStartsNoTeamOfItsOwn) {
  Loader<int> loader(8, {}, {.plan = {.batch_size = 2}, .workers = 2}, [](const BatchIndices&) {
    std::set<std::thread::id> threads;
    std::mutex mutex;
    cpu::parallel_for(64, 1, [&](int64_t, int64_t) {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    return static_cast<int>(threads.size());
  });
  for (int i = 0; i < 4; ++i) EXPECT_EQ(loader.next()->batch, 1);
}

TEST(Loader, OrderDoesNotDependOnWorkers) {
  const Indices lengths = random_lengths(130);
  Loader<Made> alone(130, lengths, options_with(0), make);
  const std::vector<Made> expected = take(alone, 40);
  EXPECT_EQ(alone.batches_per_epoch(), 10);
  EXPECT_EQ(expected[39].sequence, 39);
  for (const int workers : {1, 2, 4}) {
    Loader<Made> loader(130, lengths, options_with(workers), make);
    EXPECT_EQ(take(loader, 40), expected) << workers;
  }
}

TEST(Loader, RestoreInTheMiddleEqualsAnUninterruptedRun) {
  const Indices lengths = random_lengths(130);
  for (const int workers : {0, 2}) {
    Loader<Made> whole(130, lengths, options_with(workers), make);
    take(whole, 17);
    const LoaderState state = whole.state();
    EXPECT_EQ(state.epoch, 1);
    EXPECT_EQ(state.position, 7);
    const std::vector<Made> expected = take(whole, 20);
    Loader<Made> resumed(130, lengths, options_with(3), make);
    take(resumed, 2);
    resumed.restore(state);
    EXPECT_EQ(resumed.state(), state);
    EXPECT_EQ(take(resumed, 20), expected);
    whole.restore(state);
    EXPECT_EQ(take(whole, 20), expected);
  }
}

TEST(Loader, AStateOfOtherDataIsRefused) {
  Indices lengths = random_lengths(130);
  Loader<Made> loader(130, lengths, options_with(1), make);
  take(loader, 3);
  const LoaderState state = loader.state();
  EXPECT_EQ(message_of<ValueError>([&] { Loader<Made>(131, {}, options_with(1), make).restore(state); }),
            "loader: the saved state has a number of samples of 130, this loader has 131\n"
            "  hint: go on with the data set and options the state was saved with");
  lengths[0] += 2000;
  Loader<Made> other(130, lengths, options_with(1), make);
  EXPECT_THAT(message_of<ValueError>([&] { other.restore(state); }), HasSubstr("an order with checksum"));
  LoaderState wrong = state;
  wrong.position = 10;
  EXPECT_THROW(loader.restore(wrong), ValueError);
  wrong.position = 0;
  wrong.epoch = -1;
  EXPECT_THROW(loader.restore(wrong), ValueError);
  EXPECT_EQ(loader.state(), state);
  EXPECT_EQ(take(loader, 1)[0].sequence, 3);
}

TEST(Loader, RanksPartitionTheBatchOfOne) {
  const Indices lengths = random_lengths(137);
  for (const bool drop_last : {true, false}) {
    const auto with = [&](int rank, int world) {
      LoaderOptions options = options_with(2, rank, world);
      options.plan.drop_last = drop_last;
      return std::make_unique<Loader<Made>>(137, lengths, options, make);
    };
    const std::vector<Made> whole = take(*with(0, 1), 24);
    for (const int world : {2, 3, 4, 5}) {
      std::vector<std::vector<Made>> parts;
      for (int rank = 0; rank < world; ++rank) parts.push_back(take(*with(rank, world), 24));
      for (size_t batch = 0; batch < whole.size(); ++batch) {
        Indices together;
        for (const auto& part : parts) {
          EXPECT_EQ(part[batch].first, static_cast<int64_t>(together.size()));
          together.insert(together.end(), part[batch].samples.begin(), part[batch].samples.end());
        }
        EXPECT_EQ(together, whole[batch].samples);
      }
    }
  }
  EXPECT_THROW(Loader<Made>(137, lengths, options_with(1, 0, 13), make), ValueError);  // samples for all but one
  EXPECT_THROW(Loader<Made>(137, lengths, options_with(1, 2, 2), make), ValueError);
}

TEST(Loader, AnErrorComesOutOfTheCallWhoseBatchItIs) {
  for (const int workers : {0, 1, 4}) {
    Loader<Made> loader(130, {}, options_with(workers), [](const BatchIndices& indices) {
      require<IoError>(indices.sequence != 5, "test", "sample ", indices.samples[0], " is damaged");
      return make(indices);
    });
    take(loader, 5);
    const LoaderState state = loader.state();
    const std::string message = message_of<IoError>([&] { loader.next(); });
    EXPECT_THAT(message, HasSubstr("is damaged"));
    EXPECT_EQ(message_of<IoError>([&] { loader.next(); }), message);
    EXPECT_EQ(loader.state(), state);
  }
}

TEST(Loader, EndsAfterTheLastEpoch) {
  for (const int workers : {0, 3}) {
    LoaderOptions options = options_with(workers);
    options.epochs = 2;
    Loader<Made> loader(130, {}, options, make);
    take(loader, 20);
    EXPECT_FALSE(loader.next().has_value());
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, MakesNoMoreBatchesAheadThanAsked) {
  std::atomic<int> made = 0;
  Loader<Made> loader(130, {}, options_with(4), [&](const BatchIndices& indices) {
    ++made;
    return Made{{indices.samples.begin(), indices.samples.end()}, indices.first, indices.sequence};
  });
  take(loader, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(made, 2 + 3);
}

TEST(Loader, GoesAwayWhileWorkersAreBusy) {
  for (int i = 0; i < 30; ++i) {
    Loader<Made> loader(130, {}, options_with(4), make);
    if (i % 2) take(loader, 1);
  }
}

}  // namespace
}  // namespace triad::data
