#include "triad/bench/kernels/kernel_timing.h"

#include <cmath>

#include <gtest/gtest.h>

#include "triad/bench/kernels/kernel_report.h"
#include "triad/core/base/error.h"
#include "triad/core/device/allocator.h"

namespace triad::bench {
namespace {

const Machine kMachine{.processor = "test",
                       .threads = 2,
                       .all = {.f32_flops = 1e9, .bf16_flops = 2e9, .copy_bytes = 1e9},
                       .one = {.f32_flops = 1e9, .bf16_flops = 2e9, .copy_bytes = 1e9},
                       .launch_seconds = 1e-6};

KernelCase case_of(const std::string& name) { return find_cases({.names = {name}}).at(0); }

/// Says it took a second, and gives back what was expected, times a factor. Remembers what it was asked for.
class Pretender : public Provider {
 public:
  explicit Pretender(std::string name, double factor = 1) : name_(std::move(name)), factor_(factor) {}
  std::string name() const override { return name_; }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    struct Pretence : Execution {
      ops::Tensors made;
      std::vector<int64_t>* calls = nullptr;
      double seconds(int64_t n) override {
        calls->push_back(n);
        return static_cast<double>(n);
      }
      ops::Tensors results() override { return made; }
    };
    sets_ = sets;
    auto pretence = std::make_unique<Pretence>();
    pretence->calls = &calls_;
    for (const Tensor& t : problem.expected) {
      std::vector<double> values = t.to_vector<double>();
      for (double& v : values) v *= factor_;
      pretence->made.push_back(from_values(values, t.shape()));
    }
    return pretence;
  }
  int64_t sets() const { return sets_; }
  const std::vector<int64_t>& calls() const { return calls_; }

 private:
  std::string name_;
  double factor_;
  int64_t sets_ = 0;
  std::vector<int64_t> calls_;
};

std::vector<std::unique_ptr<Provider>> two(std::unique_ptr<Provider> first, std::unique_ptr<Provider> second) {
  std::vector<std::unique_ptr<Provider>> all;
  all.push_back(std::move(first));
  all.push_back(std::move(second));
  return all;
}

constexpr const char* kCase = "text-base/layer_norm.fwd/hidden states 512x768/f32";

TEST(KernelTiming, OneThatIsWrongHasNoTimes) {
  const KernelTiming timing = time_kernel(
      case_of(kCase), two(std::make_unique<Pretender>("right"), std::make_unique<Pretender>("wrong", 1.001)),
      {.rounds = 3}, kMachine);
  EXPECT_EQ(timing.rows.at(0).microseconds, std::vector<double>(3, 1e6));
  EXPECT_TRUE(timing.rows.at(1).microseconds.empty());
  EXPECT_TRUE(timing.rows.at(1).error.starts_with(std::string(kCase) + ": wrong is wrong and not timed: result 0:"));
}

/// Else times would be those of memory that is touched for the first time.
TEST(KernelTiming, EverySetHasItsTurnBeforeTimesCount) {
  auto owned = std::make_unique<Pretender>("right");
  const Pretender& pretender = *owned;
  std::vector<std::unique_ptr<Provider>> all;
  all.push_back(std::move(owned));
  time_kernel(case_of(kCase), all, {.rounds = 3}, kMachine);
  EXPECT_GT(pretender.sets(), 1);
  EXPECT_EQ(pretender.calls().at(0), pretender.sets());
}

TEST(KernelTiming, OursKeepsNoResultsBetweenCalls) {
  for (const char* name : {kCase, "text-base/layer_norm.bwd/hidden states 512x768/f32"}) {
    const Problem problem = make_problem(case_of(name));
    const auto execution = make_provider("ours", {})->prepare(problem, 3);
    const size_t before = allocator(kCpu).stats().in_use;
    execution->seconds(3);
    EXPECT_EQ(allocator(kCpu).stats().in_use, before) << name;
  }
}

TEST(KernelTiming, ComparesOursWithTheOthers) {
  const KernelTiming timing = time_kernel(
      case_of(kCase), two(make_provider("ours", {}), std::make_unique<Pretender>("slow")), {.rounds = 5}, kMachine);
  const auto lines = to_json(timing);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_FALSE(lines[0].contains("ratio"));
  EXPECT_EQ(lines[1].at("verdict"), "FASTER") << "a second is long for half a million numbers";
  EXPECT_EQ(lines[0].at("samples_us").size(), 5u);
  EXPECT_EQ(lines[0].at("bytes"), 8 * 512 * 768);
  EXPECT_EQ(command_of(lines[1]), str("OMP_NUM_THREADS=", timing.threads, " triad bench run --case '", kCase,
                                      "' --impl ours,slow --mode cold"));
}

TEST(KernelTiming, TheFloorIsTheLongestOfThree) {
  const auto floor = [](const std::string& name) { return floor_of(make_problem(case_of(name)), kMachine); };
  EXPECT_EQ(floor(kCase).bound, "memory");
  EXPECT_DOUBLE_EQ(floor(kCase).microseconds, 8.0 * 512 * 768 / 1e3);
  const double products = 2.0 * 1600 * 256 * 320;
  EXPECT_EQ(floor("speech-256/linear.fwd/prediction 1600x256 to 320/f32").bound, "arithmetic");
  EXPECT_DOUBLE_EQ(floor("speech-256/linear.fwd/prediction 1600x256 to 320/f32").microseconds, products / 1e3);
  EXPECT_DOUBLE_EQ(floor("speech-256/linear.bwd/prediction 1600x256 to 320/bf16").microseconds, products / 1e3);
}

/// What libraries that triad is built on make of a case passes the same check, whatever layouts they chose.
TEST(Providers, LibrariesAreRight) {
  const auto check = [](const char* provider, const std::string& name) {
    const Problem problem = make_problem(case_of(name));
    const auto execution = make_provider(provider, {})->prepare(problem, 2);
    ASSERT_TRUE(execution) << provider << " " << name;
    EXPECT_GT(execution->seconds(3), 0);
    EXPECT_EQ(fault_of(problem, execution->results()), "") << provider << " " << name;
  };
  const std::string product = "speech-256/linear.fwd/prediction 1600x256 to 320/";
  const std::string stem = "image-6x192/conv2d.fwd/[64, 3, 64, 64] to 48, window 3, stride 2/";
  check("openblas", product + "f32");
  for (const char* dtype : {"f32", "bf16"}) {
    check("onednn", product + dtype);
    check("onednn", stem + dtype);
    check("onednn", std::string("text-base/layer_norm.fwd/hidden states 512x768/") + dtype);
    check("onednn", std::string("text-base/softmax.fwd/60x30522/") + dtype);
    check("onednn", std::string("text-base/gelu.fwd/feed-forward 512x3072/") + dtype);
    for (const char* direction : {"/", ", backward in time/"})
      check("onednn", std::string("speech-256/lstm.fwd/32x50x256") + direction + dtype);
  }
}

TEST(Providers, LeaveOutWhatTheyDoNotHave) {
  const Problem problem = make_problem(case_of("text-base/layer_norm.bwd/hidden states 512x768/f32"));
  EXPECT_EQ(make_provider("onednn", {})->prepare(problem, 1), nullptr);
  EXPECT_EQ(make_provider("openblas", {})->prepare(problem, 1), nullptr);
}

}  // namespace
}  // namespace triad::bench
