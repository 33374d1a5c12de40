// Every fuzz target on its seeds, cut off and damaged a little: what the targets promise holds in the ordinary build too, and
// they go on to compile. A fault ends the program, as it does under the fuzzer.
#include <gtest/gtest.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/seeds.h"
#include "tests/harness/damage.h"
#include "tests/harness/data_path.h"

// tests/CMakeLists.txt compiles LLVMFuzzerTestOneInput of fuzz_NAME.cpp as run_fuzz_NAME.
#define TRIAD_FUZZ_TARGET(name) extern "C" int run_fuzz_##name(const uint8_t* data, size_t size);
#include "fuzz_targets.inc"
#undef TRIAD_FUZZ_TARGET

namespace triad::fuzz {
namespace {

struct Target {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};

const Target kTargets[] = {
#define TRIAD_FUZZ_TARGET(name) {#name, &run_fuzz_##name},
#include "fuzz_targets.inc"
#undef TRIAD_FUZZ_TARGET
};

class FuzzReplay : public testing::TestWithParam<Target> {
 public:
  static void SetUpTestSuite() {
    seeds_.emplace();
    write_seeds(seeds_->path());
  }
  static void TearDownTestSuite() { seeds_.reset(); }

 protected:
  static std::optional<harness::TempFolder> seeds_;
};
std::optional<harness::TempFolder> FuzzReplay::seeds_;

TEST_P(FuzzReplay, SeedsAndWhatIsLeftOfThem) {
  const auto run = [](const std::string& bytes) {
    EXPECT_EQ(GetParam().run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
  };
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(seeds_->path() / GetParam().name)) {
    const std::string seed = harness::read_file(entry.path());
    ASSERT_FALSE(seed.empty()) << entry.path();
    run(seed);
    constexpr size_t kCuts = 8;
    for (size_t i = 0; i < kCuts; ++i) {
      run(seed.substr(0, seed.size() * i / kCuts));
      std::string damaged = seed;
      damaged[seed.size() * i / kCuts] ^= '\x41';
      run(damaged);
    }
    ++files;
  }
  EXPECT_GT(files, 0);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(kTargets),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace triad::fuzz
