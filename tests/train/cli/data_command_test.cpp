#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/harness/data_path.h"
#include "tests/train/cli/run_triad.h"
#include "triad/data/formats/png.h"

namespace triad::train {
namespace {

using harness::TempFolder;
using testing::AllOf;
using testing::HasSubstr;

TEST(CommandLine, UsageErrorsExitWithTwo) {
  EXPECT_EQ(run_triad({}).code, 2);
  EXPECT_EQ(run_triad({"sing"}).code, 2);
  EXPECT_EQ(run_triad({"data"}).code, 2);
  EXPECT_EQ(run_triad({"data", "build"}).code, 2);
  EXPECT_EQ(run_triad({"data", "build", "text", "--out", "x"}).code, 2);
  EXPECT_THAT(run_triad({"data", "build", "text", "--out", "x"}).err, HasSubstr("--from is required"));
  EXPECT_EQ(run_triad({"data", "build", "text", "--from", "a", "--out", "x", "--passage-bytes", "many"}).code, 2);
  EXPECT_EQ(run_triad({"--help"}).code, 0);
  EXPECT_THAT(run_triad({"--help"}).out, HasSubstr("Usage: triad"));
  EXPECT_EQ(run_triad({"--version"}).code, 0);
}

TEST(CommandLine, AMisspeltCommandIsNamedWithTheNearest) {
  const auto error = [](const std::vector<std::string>& arguments) {
    const CommandResult result = run_triad(arguments);
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_EQ(error({"evel", "run"}),
            "triad: 'evel': no such command\n  hint: did you mean 'eval'? There are pretrain, eval, ckpt, data, embed, "
            "bench, launch, doctor\n");
  EXPECT_EQ(error({"data", "buidl", "scenes"}),
            "triad: 'data buidl': no such command\n  hint: did you mean 'build'? There are list, build, inspect\n");
  EXPECT_EQ(error({"data", "build", "scene"}),
            "triad: 'data build scene': no such command\n"
            "  hint: did you mean 'scenes'? There are digits, folder, scenes, text\n");
}

TEST(DataCommand, HelpSaysWhatIsRightInRetrieval) {
  EXPECT_THAT(run_triad({"data", "build", "folder", "--help"}).out, HasSubstr("without identity all of one label"));
}

TEST(DataCommand, ASeedIsNotNegative) {
  const CommandResult result = run_triad({"data", "build", "scenes", "--out", "/nowhere/x", "--seed", "-1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("--seed"));
}

TEST(DataCommand, ListsBuildsAndInspects) {
  const TempFolder folder;
  std::ofstream(folder / "book.txt") << "# one\nFirst.\n# two\nSecond.\n# three\nThird.\n";
  const std::string from = (folder / "book.txt").string(), out = (folder / "set").string();
  EXPECT_THAT(run_triad({"data", "list"}).out, HasSubstr("text        passages of plain text files"));

  const CommandResult built = run_triad({"data", "build", "text", "--from", from, "--out", out, "--seed", "3"});
  EXPECT_EQ(built.code, 0) << built.err;
  EXPECT_THAT(built.out, AllOf(HasSubstr("data set text, fingerprint "), HasSubstr("  pool_text: 1 samples")));
  const CommandResult again = run_triad({"data", "build", "text", "--from", from, "--out", out});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, AllOf(HasSubstr("triad: dataset: "), HasSubstr(" already holds a data set")));
  EXPECT_EQ(run_triad({"data", "build", "text", "--from", from, "--out", out, "--replace"}).code, 0);

  CommandResult inspected = run_triad({"data", "inspect", out});
  EXPECT_EQ(inspected.code, 0);
  EXPECT_THAT(inspected.out, HasSubstr("no damage found"));
  std::ofstream(folder / "set" / "pool_text-00000.h5", std::ios::app) << "x";
  inspected = run_triad({"data", "inspect", out});
  EXPECT_EQ(inspected.code, 1);
  EXPECT_THAT(inspected.out, HasSubstr("DAMAGED pool_text-00000.h5: "));
  inspected = run_triad({"data", "inspect", (folder / "missing").string()});
  EXPECT_EQ(inspected.code, 1);
  EXPECT_EQ(inspected.err, "triad: dataset: no folder " + (folder / "missing").string() + "\n");
}

TEST(DataCommand, APathThatIsNotThereIsAMistakeOfUse) {
  const TempFolder folder;
  const std::string none = (folder / "none").string(), out = (folder / "set").string();
  const CommandResult built = run_triad({"data", "build", "folder", "--images", none, "--out", out});
  EXPECT_EQ(built.code, 2);
  EXPECT_THAT(built.err, HasSubstr("--images: there is no " + none));
  std::ofstream(folder / "recipe.yaml") << "name: x\ndata: {name: folder, dir: " << out << "}\n";
  const CommandResult trained = run_triad({"pretrain", (folder / "recipe.yaml").string(), "--out",
                                           (folder / "run").string(), "--set", "data.build.images=" + none});
  EXPECT_EQ(trained.code, 2);
  EXPECT_THAT(trained.err, HasSubstr("data.build.images: there is no " + none));
  EXPECT_FALSE(std::filesystem::exists(out));
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
    return run_triad(all);
  };
  const CommandResult refused = with({});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "triad: png: " + (folder / "images/cut.png").string() + ": the file is cut off\n");
  EXPECT_EQ(run_triad({"data", "inspect", (folder / "set").string()}).code, 1);
  const CommandResult built = with({"--skip-damaged"});
  EXPECT_EQ(built.code, 0) << built.err;
  EXPECT_THAT(built.out, AllOf(HasSubstr("pool_image: 1 samples\n  left out: 1\n    png: "),
                               HasSubstr("cut.png: the file is cut off")));
  EXPECT_EQ(run_triad({"data", "inspect", (folder / "set").string()}).code, 0);

  EXPECT_EQ(with({"--size", "0", "--replace"}).code, 2);  // a mistake of the command line: nothing is replaced
  EXPECT_EQ(run_triad({"data", "inspect", (folder / "set").string()}).code, 0);
  EXPECT_EQ(run_triad({"data", "build", "folder", "--out", (folder / "other").string()}).code, 2);
}

TEST(TrainCommand, ARecipeThatCannotBeReadIsBadUsage) {
  const TempFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe.yaml").c_str(), 0600), 0);
  for (const auto& recipe : {folder / "none.yaml", folder / "pipe.yaml", folder.path()}) {
    const CommandResult result = run_triad({"pretrain", recipe.string(), "--out", (folder / "run").string()});
    EXPECT_EQ(result.code, 2) << recipe;
    EXPECT_THAT(result.err, HasSubstr("triad: " + recipe.string() + ": cannot be read: "));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace triad::train
