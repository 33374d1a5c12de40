#include "triad/train/doctor/doctor.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/data_path.h"
#include "tests/train/cli/run_triad.h"
#include "tests/train/loop/tiny_data.h"

namespace triad::train {
namespace {

using testing::HasSubstr;

/// What rank 0 of three finds; each rank has options of its own.
std::vector<Finding> findings_of_three(const std::function<DoctorOptions(int rank)>& options) {
  std::vector<Finding> found;
  on_rank_threads(3, [&](const Ranks& ranks) {
    const std::vector<Finding> mine = examine(ranks, options(ranks.comm.rank()));
    if (ranks.comm.rank() == 0) found = mine;
  });
  return found;
}

Finding finding(const std::vector<Finding>& findings, const std::string& check) {
  const auto found = std::ranges::find(findings, check, &Finding::check);
  return found == findings.end() ? Finding{} : *found;
}

TEST(Doctor, FindsNothingWhereNothingIs) {
  const harness::TempFolder folder;
  write_tiny_data(folder / "data");
  const std::vector<Finding> found = findings_of_three(
      [&](int) { return DoctorOptions{.recipe_text = "a: 1", .data = folder / "data", .folder = folder / "runs"}; });
  for (const char* check : {"program", "recipe", "data", "sums", "folder", "signals"}) {
    EXPECT_NE(finding(found, check).verdict, Verdict::fail) << finding(found, check).text;
    EXPECT_NE(finding(found, check).text, "") << check;
  }
  EXPECT_THAT(finding(found, "ranks").text, HasSubstr("3 ranks, "));
  EXPECT_THAT(finding(found, "sums").text, HasSubstr("right; 16 MiB in "));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "runs"));
}

TEST(Doctor, NamesTheRankThatDiffers) {
  const harness::TempFolder folder;
  write_tiny_data(folder / "data");
  const std::vector<Finding> found = findings_of_three([&](int rank) {
    return DoctorOptions{.recipe_text = rank == 1 ? "a: 1\nb: 3" : "a: 1\nb: 2",
                         .data = rank == 2 ? folder / "elsewhere" : folder / "data",
                         .folder = rank == 2 ? folder / "not shared" : folder / "runs"};
  });
  for (const auto& [check, words] :
       {std::pair("recipe", "ranks: 1 ("), std::pair("data", "ranks: 2 ("), std::pair("folder", "ranks 2 (")}) {
    EXPECT_EQ(finding(found, check).verdict, Verdict::fail) << check;
    EXPECT_THAT(finding(found, check).text, HasSubstr(words));
  }
  EXPECT_THAT(finding(found, "recipe").text, HasSubstr("have 'b: 3'"));
}

TEST(Doctor, AFolderThatCannotBeWrittenIsAFailureOfTheCommand) {
  const CommandResult result = run_triad({"doctor", "--out", "/proc/none", "--json"});
  EXPECT_EQ(result.code, 1);
  const auto json = nlohmann::json::parse(result.out);
  const auto folder = std::ranges::find_if(json["checks"], [](const auto& c) { return c["check"] == "folder"; });
  EXPECT_EQ((*folder)["verdict"], "fail");
}

}  // namespace
}  // namespace triad::train
