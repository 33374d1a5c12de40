#include "triad/train/cli/data_command.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/harness/data_path.h"
#include "triad/data/formats/png.h"

namespace triad::train {
namespace {

using harness::TempFolder;
using testing::AllOf;
using testing::HasSubstr;

struct Result {
  int code;
  std::string out, err;
};

Result triad(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  CommandContext context{out, err};
  const int code = run_command_line(arguments, context);
  return {code, out.str(), err.str()};
}

TEST(CommandLine, UsageErrorsExitWithTwo) {
  EXPECT_EQ(triad({}).code, 2);
  EXPECT_EQ(triad({"sing"}).code, 2);
  EXPECT_EQ(triad({"data"}).code, 2);
  EXPECT_EQ(triad({"data", "build"}).code, 2);
  EXPECT_EQ(triad({"data", "build", "text", "--out", "x"}).code, 2);
  EXPECT_THAT(triad({"data", "build", "text", "--out", "x"}).err, HasSubstr("--from is required"));
  EXPECT_EQ(triad({"data", "build", "text", "--from", "a", "--out", "x", "--passage-bytes", "many"}).code, 2);
  EXPECT_EQ(triad({"--help"}).code, 0);
  EXPECT_THAT(triad({"--help"}).out, HasSubstr("Usage: triad"));
  EXPECT_EQ(triad({"--version"}).code, 0);
}

TEST(DataCommand, ListsBuildsAndInspects) {
  const TempFolder folder;
  std::ofstream(folder / "book.txt") << "# one\nFirst.\n# two\nSecond.\n# three\nThird.\n";
  const std::string from = (folder / "book.txt").string(), out = (folder / "set").string();
  EXPECT_THAT(triad({"data", "list"}).out, HasSubstr("text        passages of plain text files"));

  const Result built = triad({"data", "build", "text", "--from", from, "--out", out, "--seed", "3"});
  EXPECT_EQ(built.code, 0) << built.err;
  EXPECT_THAT(built.out, AllOf(HasSubstr("data set text, fingerprint "), HasSubstr("  pool_text: 1 samples")));
  const Result again = triad({"data", "build", "text", "--from", from, "--out", out});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, AllOf(HasSubstr("triad: dataset: "), HasSubstr(" already holds a data set")));
  EXPECT_EQ(triad({"data", "build", "text", "--from", from, "--out", out, "--replace"}).code, 0);

  Result inspected = triad({"data", "inspect", out});
  EXPECT_EQ(inspected.code, 0);
  EXPECT_THAT(inspected.out, HasSubstr("no damage found"));
  std::ofstream(folder / "set" / "pool_text-00000.h5", std::ios::app) << "x";
  inspected = triad({"data", "inspect", out});
  EXPECT_EQ(inspected.code, 1);
  EXPECT_THAT(inspected.out, HasSubstr("DAMAGED pool_text-00000.h5: "));
  inspected = triad({"data", "inspect", (folder / "missing").string()});
  EXPECT_EQ(inspected.code, 1);
  EXPECT_EQ(inspected.err, "triad: dataset: no folder " + (folder / "missing").string() + "\n");
}

TEST(DataCommand, BuildsFromAFolderAndNamesWhatItLeftOut) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "images");
  std::ofstream(folder / "images/cut.png") << "\x89PNG\r\n\x1a\n";
  std::ofstream(folder / "images/a.png") << data::encode_png({2, 2, 3, std::vector<uint8_t>(12, 5)});
  const std::vector<std::string> command = {
      "data", "build", "folder", "--images", (folder / "images").string(), "--out", (folder / "set").string()};
  const auto with = [&](std::initializer_list<const char*> more) {
    std::vector<std::string> all = command;
    all.insert(all.end(), more.begin(), more.end());
    return triad(all);
  };
  const Result refused = with({});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "triad: png: " + (folder / "images/cut.png").string() + ": the file is cut off\n");
  EXPECT_EQ(triad({"data", "inspect", (folder / "set").string()}).code, 1);
  const Result built = with({"--skip-damaged"});
  EXPECT_EQ(built.code, 0) << built.err;
  EXPECT_THAT(built.out, AllOf(HasSubstr("pool_image: 1 samples\n  left out: 1\n    png: "),
                               HasSubstr("cut.png: the file is cut off")));
  EXPECT_EQ(triad({"data", "inspect", (folder / "set").string()}).code, 0);

  EXPECT_EQ(with({"--size", "0", "--replace"}).code, 2);  // a mistake of the command line: nothing is replaced
  EXPECT_EQ(triad({"data", "inspect", (folder / "set").string()}).code, 0);
  EXPECT_EQ(triad({"data", "build", "folder", "--out", (folder / "other").string()}).code, 2);
}

TEST(TrainCommand, ARecipeThatCannotBeReadIsBadUsage) {
  const TempFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe.yaml").c_str(), 0600), 0);
  for (const auto& recipe : {folder / "none.yaml", folder / "pipe.yaml", folder.path()}) {
    const Result result = triad({"pretrain", recipe.string(), "--out", (folder / "run").string()});
    EXPECT_EQ(result.code, 2) << recipe;
    EXPECT_THAT(result.err, HasSubstr("triad: " + recipe.string() + ": cannot be read: "));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace triad::train
