// What training on several ranks promises: the gradient of one, whatever the ranks have of it.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/autograd/autograd.h"
#include "triad/core/comm/checked.h"
#include "triad/core/comm/recorded.h"
#include "triad/core/comm/threads.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/train/checkpoint/checkpoint.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/metrics/metrics_file.h"
#include "triad/train/parallel/global_losses.h"
#include "triad/train/parallel/gradient_reducer.h"
#include "triad/train/parallel/replicas.h"
#include "triad/train/pretrain.h"
#include "triad/train/stages/pairs.h"
#include "triad/train/stages/single_modality.h"

namespace triad::train {
namespace {

using comm::Communicator;

struct Case {
  std::string stage;
  int64_t batch = 8;
  int64_t pieces = 1;
  std::string frozen{};  ///< parameters below this name are
  DType dtype = DType::f32;
  ReducerOptions reducer{.bucket_bytes = 4096};
};

/// The summed gradients, in the order of the arena, and what was lost.
struct Gradient {
  std::vector<float> values;
  float temperature = 0;
  StepLoss loss;
};

std::unique_ptr<Stage> make_stage(const std::string& name, const StageSetup& setup) {
  if (name == "text") return make_text_stage(setup);
  if (name == "image") return make_image_stage(setup);
  if (name == "speech") return make_speech_stage(setup);
  return name == "align" ? make_align_stage(setup) : make_joint_stage(setup);
}

PassHooks hooks_of(GradientReducer& reducer) {
  return {.before = [&](bool last) { reducer.before_pass(last); }, .after = [&] { reducer.after_pass(); }};
}

/// Of the second batch, so that buckets are reduced in an agreed order; on every rank alike.
Gradient gradient(const Recipe& recipe, const TrainingData& data, const Case& c, Communicator& comm) {
  const std::unique_ptr<Model> model = make_model(recipe, data);
  const std::unique_ptr<Stage> stage = make_stage(c.stage, {recipe, data, *model, comm});
  for (const NamedParameter& p : nn::parameters_of(*model))
    p.parameter->set_trainable(c.frozen.empty() || !p.name.starts_with(c.frozen));
  optim::Arena arena(stage->parameters());
  GradientReducer reducer(arena, comm, c.reducer);
  Gradient result;
  for (uint32_t step = 0; step < 2; ++step) {
    stage->load();
    reducer.clear();
    result.loss = accumulate_gradients(
        *stage, c.pieces, {.training = true, .key = {.seed = 5, .step = step, .site = 9}, .dtype = c.dtype}, comm,
        hooks_of(reducer));
    reducer.finish();
    sum_losses(result.loss, false, comm);
  }
  result.values = arena.gradients().to_vector<float>();
  for (const optim::Arena::Slice& slice : arena.slices()) {
    if (slice.name == "log_scale") result.temperature = result.values[static_cast<size_t>(slice.offset)];
  }
  return result;
}

/// |a - b| / |b|, of the vectors.
double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(b[i]), 2);
  }
  return size > 0 ? std::sqrt(difference / size) : difference;
}

class Parallel : public testing::Test {
 protected:
  std::filesystem::path at(std::string_view name) const { return folder_ / name; }

  /// On every number of ranks, all ranks get the gradient of one rank, to `tolerance` of its norm.
  void expect_gradient_of_one(const Case& c, const TinyOptions& options, double tolerance,
                              const std::vector<int>& worlds = {2, 3, 4, 8}) {
    const std::string name = str("data-", ++data_sets_);
    write_tiny_data(at(name), options);
    Recipe recipe = tiny_recipe(at(name));
    for (StageOptions* stage : {static_cast<StageOptions*>(&recipe.text), static_cast<StageOptions*>(&recipe.image),
                                static_cast<StageOptions*>(&recipe.speech), static_cast<StageOptions*>(&recipe.align),
                                static_cast<StageOptions*>(&recipe.joint)})
      stage->batch = c.batch;
    const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
    const Gradient one = gradient(recipe, data, c, *comm::make_single());
    double largest = 0;
    for (const float v : one.values) largest = std::max(largest, std::abs(static_cast<double>(v)));
    ASSERT_GT(largest, 0);
    for (const int world : worlds) {
      std::vector<Gradient> all(static_cast<size_t>(world));
      comm::run_ranks(world, [&](Communicator& comm) {
        comm::Checked checked(comm);
        all[static_cast<size_t>(comm.rank())] = gradient(recipe, data, c, checked);
      });
      for (const Gradient& g : all) EXPECT_EQ(g.values, all[0].values) << c.stage << " on " << world << " ranks";
      EXPECT_LE(relative_error(all[0].values, one.values), tolerance) << c.stage << " on " << world << " ranks";
      EXPECT_NEAR(all[0].temperature, one.temperature, tolerance * std::abs(static_cast<double>(one.temperature)))
          << c.stage << " on " << world << " ranks";
      EXPECT_NEAR(all[0].loss.total, one.loss.total, 1e-6 * std::abs(one.loss.total)) << c.stage;
      for (const auto& [part, value] : one.loss.parts)
        EXPECT_NEAR(all[0].loss.parts.at(part), value, 1e-6 * std::abs(value)) << c.stage << " " << part;
    }
  }

 private:
  harness::TempFolder folder_;
  int data_sets_ = 0;
};

constexpr double kTolerance = 1e-6;

TEST_F(Parallel, TheGradientIsThatOfOneRank) {
  for (const std::string_view stage : kStageNames)
    expect_gradient_of_one({.stage = std::string(stage)}, {}, kTolerance);
}

TEST_F(Parallel, UnevenPartsOfABatch) {
  for (const std::string_view stage : kStageNames)
    expect_gradient_of_one({.stage = std::string(stage), .batch = 11}, {}, kTolerance);
}

TEST_F(Parallel, AccumulatedOverPieces) {
  for (const std::string_view stage : kStageNames)
    expect_gradient_of_one({.stage = std::string(stage), .batch = 12, .pieces = 3}, {}, kTolerance, {2, 4});
}

bool lacks_most_speech(int64_t sample, std::string_view column) {
  return column == "audio" ? sample % 7 != 0 : sample % 6 == 5;
}

TEST_F(Parallel, RanksWithoutSpeech) {
  for (const char* stage : {"align", "joint"})
    expect_gradient_of_one({.stage = stage}, {.lacks = &lacks_most_speech}, kTolerance);
}

TEST_F(Parallel, FrozenTowers) {
  for (const char* frozen : {"text", "image", "speech", "log_scale"})
    expect_gradient_of_one({.stage = "align", .frozen = frozen}, {}, kTolerance, {2, 3});
}

TEST_F(Parallel, Bf16OnTheWireRoundsEachPartOnce) {
  expect_gradient_of_one({.stage = "align", .reducer = {.bucket_bytes = 4096, .bf16_on_the_wire = true}}, {}, 5e-3,
                         {2, 4});
}

TEST_F(Parallel, BucketsStartDuringTheBackwardPass) {
  write_tiny_data(at("data"));
  const Recipe recipe = tiny_recipe(at("data"));
  const TrainingData data(recipe.data.dir, recipe.model.text.max_positions);
  comm::run_ranks(2, [&](Communicator& inner) {
    comm::Recorded comm(inner);
    const std::unique_ptr<Model> model = make_model(recipe, data);
    const std::unique_ptr<Stage> stage = make_text_stage({recipe, data, *model, comm});
    optim::Arena arena(stage->parameters());
    GradientReducer reducer(arena, comm, {.bucket_bytes = 2048});
    ASSERT_GT(reducer.buckets().size(), 3u);
    int64_t end = 0;
    for (const comm::Range& bucket : reducer.buckets()) {
      EXPECT_EQ(bucket.first, end);
      end += bucket.count;
    }
    EXPECT_EQ(end, arena.numel());
    for (uint32_t step = 0; step < 3; ++step) {
      stage->load();
      reducer.clear();
      comm.forget();
      accumulate_gradients(*stage, 2, {.training = true, .key = {.step = step}}, comm, hooks_of(reducer));
      reducer.finish();
      // One reduction a bucket, and nothing for the pieces before the last.
      int64_t reduced = 0, elements = 0;
      for (const comm::RecordedCall& call : comm.calls()) {
        if (!call.name.starts_with("gradients")) continue;
        ++reduced;
        elements += call.elements;
      }
      EXPECT_EQ(reduced, std::ssize(reducer.buckets())) << step;
      EXPECT_EQ(elements, arena.numel()) << step;
      if (step == 0) EXPECT_EQ(reducer.overlapped(), 0) << "the order is not known yet";
      else EXPECT_EQ(reducer.overlapped(), std::ssize(reducer.buckets())) << step;
    }
  });
}

TEST_F(Parallel, AReplicaThatDiffersIsNamed) {
  EXPECT_THAT(harness::message_of<ReplicaError>([] {
                comm::run_ranks(3, [](Communicator& comm) {
                  Parameter first(full({5}, 1)), second(full({3}, 2));
                  optim::Arena arena({{"first", &first}, {"second", &second}});
                  check_replicas(arena, comm);
                  if (comm.rank() == 1) arena.values().mutable_data<float>()[17] = std::nextafter(2.0f, 3.0f);
                  check_replicas(arena, comm);
                });
              }),
              testing::StartsWith("replicas: second differs on rank 1 from what 2 of 3 ranks hold"));
}

/// A run on `world` ranks of one process.
void pretrain_on(int world, const Recipe& recipe, const PretrainOptions& options) {
  on_rank_threads(world, [&](const Ranks& ranks) { pretrain(recipe, options, ranks); });
}

std::map<std::string, double> losses_of(const std::filesystem::path& run) {
  std::map<std::string, double> all;
  for (const MetricsLine& line : read_metrics(run / "metrics.jsonl"))
    all[str(line.stage, " ", line.step)] = line.values.at("loss");
  return all;
}

class ParallelRun : public Parallel {
 protected:
  ParallelRun() {
    write_tiny_data(at("data"));
    recipe_ = tiny_recipe(at("data"));
    recipe_.parallel.bucket_mb = 0.01;
    recipe_.parallel.check_every = 3;
  }
  std::filesystem::path end_of(std::string_view run) const {
    return checkpoint_path(at(run) / "checkpoints", "joint", 20);
  }
  void expect_same_losses(std::string_view a, std::string_view b, double tolerance) const {
    const auto left = losses_of(at(a)), right = losses_of(at(b));
    ASSERT_EQ(left.size(), right.size());
    for (const auto& [step, loss] : left) EXPECT_NEAR(right.at(step), loss, tolerance * std::abs(loss)) << step;
  }
  Recipe recipe_;
};

TEST_F(ParallelRun, AllStagesGoAsOnOneRank) {
  pretrain(recipe_, {.out = at("one")});
  pretrain_on(3, recipe_, {.out = at("three")});
  expect_same_losses("one", "three", 1e-4);  // twenty steps carry rounding on
  EXPECT_EQ(read_metrics(at("three") / "metrics.jsonl").back().values.at("world"), 3);
  for (const char* name : {"config.yaml", "summary.json", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(at("three") / name)) << name;
}

TEST_F(ParallelRun, TheSameRanksGiveTheSameBits) {
  pretrain_on(2, recipe_, {.out = at("a")});
  pretrain_on(2, recipe_, {.out = at("b")});
  EXPECT_EQ(differing_tensors(end_of("a"), end_of("b"), Content::everything), std::vector<std::string>());
}

TEST_F(ParallelRun, ShardedOptimizersGiveTheSameBits) {
  for (StageOptions* stage : {static_cast<StageOptions*>(&recipe_.text), static_cast<StageOptions*>(&recipe_.image),
                              static_cast<StageOptions*>(&recipe_.speech), static_cast<StageOptions*>(&recipe_.align),
                              static_cast<StageOptions*>(&recipe_.joint)})
    stage->optimizer.clip_norm = 0;  // the norm is added up in another order
  pretrain_on(3, recipe_, {.out = at("whole")});
  for (const int64_t zero : {1, 2}) {
    recipe_.parallel.zero = zero;
    const std::string run = str("zero-", zero);
    pretrain_on(3, recipe_, {.out = at(run)});
    EXPECT_EQ(differing_tensors(end_of("whole"), end_of(run), Content::everything), std::vector<std::string>());
  }
}

TEST_F(ParallelRun, ShardedGradientsOfSeveralPasses) {
  for (const int64_t zero : {0, 2}) {
    recipe_.parallel.zero = zero;
    recipe_.align.batch = recipe_.joint.batch = 12;  // four samples a rank, six passes: the last ones do nothing
    recipe_.align.micro_batches = recipe_.joint.micro_batches = 6;
    pretrain_on(3, recipe_, {.out = at(str("zero-", zero))});
  }
  expect_same_losses("zero-0", "zero-2", 1e-4);
}

/// Bytes of memory that are resident.
int64_t resident_bytes(const void* memory, int64_t bytes) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = (reinterpret_cast<uintptr_t>(memory) + page - 1) / page * page;
  std::vector<unsigned char> pages(static_cast<size_t>(bytes) / page - 1);
  EXPECT_EQ(::mincore(reinterpret_cast<void*>(first), pages.size() * page, pages.data()), 0);
  return std::ranges::count_if(pages, [](unsigned char p) { return (p & 1) != 0; }) * static_cast<int64_t>(page);
}

TEST_F(Parallel, ReleasedGradientsTakeNoMemory) {
  comm::run_ranks(4, [](Communicator& comm) {
    std::vector<std::unique_ptr<Parameter>> parameters;
    std::vector<NamedParameter> named;
    for (int i = 0; i < 16; ++i) {
      parameters.push_back(std::make_unique<Parameter>(full({256, 1024}, 1)));
      parameters.back()->set_trainable(true);
      named.push_back({str("p", i), parameters.back().get()});
    }
    optim::Arena arena(named);
    GradientReducer reducer(arena, comm, {.bucket_bytes = 1 << 20, .scatter = true, .release = true});
    const int64_t bytes = arena.numel() * 4;
    for (int step = 0; step < 2; ++step) {
      reducer.clear();
      for (int pass = 0; pass < 2; ++pass) {
        reducer.before_pass(pass == 1);
        Tensor total;
        for (const auto& p : parameters) {
          const Tensor sum = ops::sum(p->value() * static_cast<double>(comm.rank() + 1));
          total = total.defined() ? total + sum : sum;
        }
        backward(total);
        reducer.after_pass();
        EXPECT_LE(resident_bytes(arena.gradients().data<float>(), bytes), bytes / 4 + 64 * 4096) << step;
      }
      reducer.finish();
      for (const comm::Range& own : reducer.owned_by(comm.rank())) {
        const float* gradients = arena.gradients().data<float>() + own.first;
        EXPECT_TRUE(std::all_of(gradients, gradients + own.count, [](float g) { return g == 2 * (1 + 2 + 3 + 4); }));
      }
    }
  });
}

TEST_F(ParallelRun, ClippingAShardIsClippingByTheNormOfAll) {
  for (StageOptions* stage : {static_cast<StageOptions*>(&recipe_.text), static_cast<StageOptions*>(&recipe_.align)})
    stage->optimizer.clip_norm = 1e-3;  // far below every norm
  pretrain_on(4, recipe_, {.out = at("whole"), .only = "text"});
  recipe_.parallel.zero = 1;
  pretrain_on(4, recipe_, {.out = at("sharded"), .only = "text"});
  expect_same_losses("whole", "sharded", 1e-6);
}

TEST_F(ParallelRun, ARunGoesOnOnAnotherNumberOfRanks) {
  recipe_.checkpoint = {.every = 10, .keep = 5};
  recipe_.parallel.zero = 1;
  pretrain_on(2, recipe_, {.out = at("whole")});
  std::filesystem::copy(at("whole"), at("half"), std::filesystem::copy_options::recursive);
  std::filesystem::remove(end_of("half"));
  pretrain_on(2, recipe_, {.out = at("half"), .resume = true});
  EXPECT_EQ(differing_tensors(end_of("whole"), end_of("half"), Content::everything), std::vector<std::string>());
  for (const int world : {1, 3}) {
    std::filesystem::remove(end_of("half"));
    pretrain_on(world, recipe_, {.out = at("half"), .resume = true});
    expect_same_losses("whole", "half", 1e-4);
  }
}

TEST_F(ParallelRun, MoreRanksThanSamplesAreRefused) {
  EXPECT_THAT(harness::message_of<ValueError>([&] { pretrain_on(9, recipe_, {.out = at("run")}); }),
              testing::HasSubstr("a batch of 8 samples leaves some of 9 ranks without any"));
}

}  // namespace
}  // namespace triad::train
